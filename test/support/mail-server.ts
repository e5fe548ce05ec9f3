/** A mail server that speaks just enough SMTP over TLS for one letter, with a certificate of its own. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'

export interface MailServer {
  readonly port: number
  /** Path of the certificate that a client must trust. */
  readonly certificate: string
  /** The commands that arrived, with the letter's text as one of them. */
  readonly heard: string[]
  stop(): void
}

export async function startMailServer(): Promise<MailServer> {
  const folder = mkdtempSync(join(tmpdir(), 'marina-mail-'))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-keyout', key, '-out', certificate]
  execFileSync('openssl', [...made, ...subject], { stdio: 'ignore' })
  const heard: string[] = []
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (socket) => {
    let rest = ''
    let isLetter = false
    socket.on('error', () => {})
    socket.write('220 localhost\r\n')
    socket.on('data', (chunk) => {
      rest += chunk.toString()
      for (;;) {
        const end = isLetter ? '\r\n.\r\n' : '\r\n'
        const at = rest.indexOf(end)
        if (at < 0) return
        const line = rest.slice(0, at)
        rest = rest.slice(at + end.length)
        heard.push(line)
        const wasLetter = isLetter
        isLetter = !wasLetter && line === 'DATA'
        if (isLetter) socket.write('354 go on\r\n')
        else if (line.startsWith('EHLO')) socket.write('250-localhost\r\n250 AUTH PLAIN\r\n')
        else if (line.startsWith('AUTH')) socket.write(line === 'AUTH PLAIN' ? '334 \r\n' : '235 yes\r\n')
        else if (line === 'QUIT') socket.end('221 bye\r\n')
        else socket.write(/^[A-Za-z0-9+/=]{8,}$/.test(line) ? '235 yes\r\n' : '250 yes\r\n')
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    certificate,
    heard,
    stop() {
      server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
