// Prints the body of each request, and answers 204.
import { createServer } from 'node:http'

createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  console.log(`${request.url} ${body}`)
  response.writeHead(204).end()
}).listen(8080, () => console.log('listens'))
