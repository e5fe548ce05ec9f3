/** Starts the post phase. The runner does not tell a program which phase it starts, so this file sets a variable, and runs the bundle beside it. */
process.env.MARINA_PHASE = 'post'
const bundle = './index.js'
await import(bundle)
