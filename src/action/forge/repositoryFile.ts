/** Asks the forge for a file of the repository at a commit, which needs no history in the checkout. */
import { z } from 'zod'
import type { Answer, Forge } from './askForge.ts'

const MOST_BYTES = 16 * 1024 * 1024
/** Gitea's answer, whatever form was asked for. */
const inJson = z.object({ type: z.literal('file'), encoding: z.literal('base64'), content: z.string() })

/** Reads the text of a file at a commit. `path` has `/` and begins at the root. Unknown, with status 404, if the commit has no such file. */
export async function readFileAt(forge: Forge, path: string, commit: string): Promise<Answer<string>> {
  const answer = await forge.download(
    {
      route: `/contents/${path.split('/').map(encodeURIComponent).join('/')}`,
      parameters: { ref: commit, mediaType: { format: 'raw' } },
      what: `${path} at the commit ${commit.slice(0, 12)}`,
      permission: 'contents: read',
    },
    MOST_BYTES,
  )
  if ('unknown' in answer) return answer
  const text = answer.value.toString('utf8')
  return { value: decoded(text) ?? text }
}

/** Takes the file out of a JSON answer; `null` if the text is the file itself. */
function decoded(text: string): string | null {
  if (!text.startsWith('{')) return null
  try {
    const read = inJson.safeParse(JSON.parse(text))
    return read.success ? Buffer.from(read.data.content, 'base64').toString('utf8') : null
  } catch {
    return null // a configuration may begin with a brace too
  }
}
