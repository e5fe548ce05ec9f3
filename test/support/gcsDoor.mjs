// Stands before fake-gcs-server, which lets everybody in: gives a token to whom signs with the key of PUBLIC_KEY, and asks each request for it.
import { createVerify, randomUUID } from 'node:crypto'
import { createServer, request } from 'node:http'

const tokens = new Set()
const answer = (response, status, value) => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}
createServer(async (asked, response) => {
  if (asked.url === '/token') {
    let body = ''
    for await (const chunk of asked) body += chunk
    const [head, claims, signature] = new URLSearchParams(body).get('assertion').split('.')
    const verify = createVerify('RSA-SHA256').update(`${head}.${claims}`)
    if (!verify.verify(process.env.PUBLIC_KEY, signature, 'base64url'))
      return answer(response, 400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' })
    const token = randomUUID()
    tokens.add(token)
    return answer(response, 200, { access_token: token, token_type: 'Bearer', expires_in: 3600 })
  }
  if (!tokens.has(asked.headers.authorization?.replace('Bearer ', '')))
    return answer(response, 401, { error: { code: 401, message: 'Invalid Credentials' } })
  const { method, url: path, headers } = asked
  const passed = request({ port: 4444, method, path, headers }, (got) => {
    response.writeHead(got.statusCode, got.headers)
    got.pipe(response)
  })
  passed.on('error', () => response.destroy())
  asked.pipe(passed)
}).listen(4443, () => console.log('the door listens'))
