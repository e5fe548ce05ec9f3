// Passes connections on to TARGET (host:port), and dies for good after BYTES bytes from its clients: a server that goes down half way.
import { connect, createServer } from 'node:net'

const [host, port] = process.env.TARGET.split(':')
let left = Number(process.env.BYTES)
createServer((client) => {
  const server = connect(Number(port), host)
  client.on('data', (chunk) => {
    left -= chunk.length
    if (left < 0) process.exit(0)
    server.write(chunk)
  })
  server.on('data', (chunk) => client.write(chunk))
  for (const [one, other] of [
    [client, server],
    [server, client],
  ]) {
    one.on('error', () => other.destroy())
    one.on('close', () => other.end())
  }
}).listen(Number(process.env.PORT), () => console.log('listens'))
