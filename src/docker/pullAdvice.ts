/** Says what helps after an image could not be pulled, by docker's words. Pure. */
import { isOfHostOnly, parseImageName } from './imageNames.ts'

/** Matches words about a registry that was not reached, so that neither the image's name nor a login is to blame. */
const NOT_REACHED =
  /\bdial (tcp|udp|unix)|no such host|did not answer within|network is unreachable|no route to host|connection (refused|reset)|i\/o timeout|TLS handshake timeout|Client\.Timeout|context deadline exceeded|proxyconnect|server misbehaving|temporary failure in name resolution|\bEOF$|50[0234] (Bad Gateway|Service Unavailable|Gateway Time-?out|Internal Server Error)/im

const ADVICE: readonly (readonly [words: RegExp, advice: string])[] = [
  [
    /toomanyrequests|too many requests|rate limit/i,
    'The registry allows no more pulls for now: log in on this host (docker login), or run again later',
  ],
  [
    /no space left on device|disk quota exceeded/i,
    'Free space on the Docker host (docker system df shows what takes it)',
  ],
  [
    /no matching manifest for/i,
    'The registry has this image for other kinds of machines only: name one that is built for this host',
  ],
  [
    /x509|certificate/i,
    "This host does not trust the registry's certificate: see its clock, its CA certificates and the engine's certs.d",
  ],
  [NOT_REACHED, 'This host did not reach the registry: see its network, name server and proxy, and run again'],
]

/** Returns one sentence, without its full stop. */
export function pullAdvice(reference: string, words: string): string {
  // no registry has it, whatever docker says of the one on its own machine
  if (isOfHostOnly(reference) && !/:\d+$/.test(parseImageName(reference).registry))
    return `A name with localhost is of an image that is built on the Docker host: build it there (docker build -t ${reference} FOLDER), or correct the name`
  const known = ADVICE.find(([pattern]) => pattern.test(words))
  return (
    known?.[1] ??
    'Check its name, and that this host may pull it (docker login); for one that is built on the host, build it there'
  )
}
