/** A step summary as GitHub shows it: its markdown as HTML, in GitHub's own style, as a picture of a browser. */
import { spawnSync } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Fetched into a folder of their own: the project itself needs none of them. */
const PACKAGES = ['marked@18', 'github-markdown-css@5', 'playwright-core@1', 'mermaid@11']
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

export interface Picture {
  readonly markdown: string
  readonly file: string
  /** Of the page, in CSS pixels: GitHub's summary is 1,012 wide on a desk, a phone about 390. */
  readonly width: number
  readonly scheme: 'light' | 'dark'
  /** Folds are opened. */
  readonly open?: boolean
}

export interface Painter {
  /** Writes the picture. Returns by how many pixels the page, or a table in it, is wider than its place. */
  paint(picture: Picture): Promise<number>
  end(): Promise<void>
}

/** Opens a browser. `folder` holds the packages, and may be used again. */
export async function openPainter(folder: string): Promise<Painter> {
  await mkdir(folder, { recursive: true })
  const install = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--silent', ...PACKAGES]
  if (spawnSync('npm', install, { stdio: 'inherit' }).status !== 0) throw new Error(`npm could not install ${PACKAGES}`)
  const load = createRequire(join(folder, 'package.json'))
  const { marked } = (await import(load.resolve('marked'))) as { marked: { parse(text: string): string } }
  const css = await readFile(load.resolve('github-markdown-css/github-markdown.css'), 'utf8')
  const { chromium } = load('playwright-core')
  const browser = await chromium.launch({ executablePath: findBrowser(), args: ['--no-sandbox'] })
  return {
    async paint({ markdown, file, width, scheme, open = false }) {
      const page = await browser.newPage({
        viewport: { width, height: 300 },
        colorScheme: scheme,
        deviceScaleFactor: 2,
        isMobile: width < 600,
      })
      const html = pageOf(withAlerts(marked.parse(markdown)), css)
      await page.setContent(open ? html.replaceAll('<details>', '<details open>') : html)
      await page.addScriptTag({ path: join(folder, 'node_modules/mermaid/dist/mermaid.min.js') })
      await page.evaluate(drawCharts(scheme))
      const excess = (await page.evaluate(EXCESS)) as number
      await page.screenshot({ path: file, fullPage: true })
      await page.close()
      return excess
    },
    end: () => browser.close(),
  }
}

/** Draws the blocks of mermaid, as GitHub does. A chart that mermaid refuses is an error. */
function drawCharts(scheme: Picture['scheme']): string {
  return `(async () => {
    for (const block of document.querySelectorAll('code.language-mermaid')) {
      const chart = Object.assign(document.createElement('div'), { className: 'mermaid', textContent: block.textContent })
      block.parentElement.replaceWith(chart)
    }
    mermaid.initialize({ startOnLoad: false, theme: '${scheme === 'dark' ? 'dark' : 'default'}' })
    await mermaid.run({ querySelector: '.mermaid' })
  })()`
}

/** `pre` scrolls by itself, as on GitHub. */
const EXCESS = `Math.max(...[document.documentElement, ...document.querySelectorAll('table')]
  .map((one) => one.scrollWidth - one.clientWidth))`

function findBrowser(): string {
  const names = process.env.CHROME ? [process.env.CHROME] : BROWSERS
  const found = names.find((name) => spawnSync(name, ['--version']).status === 0)
  if (found === undefined)
    throw new Error(
      'no Chromium was found: install it (Debian: apt-get install chromium fonts-noto-color-emoji), or name it in CHROME',
    )
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', found], { encoding: 'utf8' }).stdout.trim()
}

/** GitHub's alerts, which its markdown has beyond GFM. */
function withAlerts(html: string): string {
  return html.replaceAll(
    /<blockquote>\s*<(p)>\[!(CAUTION|WARNING)\]\s*|<blockquote>\s*<p>\[!(CAUTION|WARNING)\]<\/p>/g,
    (_, paragraph: string | undefined, first: string | undefined, second: string | undefined) => {
      const kind = (first ?? second ?? '').toLowerCase()
      const title = kind.charAt(0).toUpperCase() + kind.slice(1)
      return `<blockquote class="markdown-alert markdown-alert-${kind}"><p class="markdown-alert-title">⊘ ${title}</p>${paragraph === undefined ? '' : '<p>'}`
    },
  )
}

function pageOf(body: string, css: string): string {
  const own =
    'body { margin: 0 } .markdown-body { padding: 16px; box-sizing: border-box } blockquote.markdown-alert { color: inherit }'
  return `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>${css}\n${own}</style><body class="markdown-body">${body}</body>`
}
