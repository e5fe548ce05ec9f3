/** Entry of the post phase. The runner tells no one which phase it starts, so this one says so, and runs the bundle beside it. */
process.env.MARINA_PHASE = 'post'
const bundle = './index.js'
await import(bundle)
