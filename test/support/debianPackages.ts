/** Names the packages of the Debian images that several tests share. `npm test` makes their trees before the engine tests begin. */

/** Tools that set and show access lists and extended attributes. */
export const ATTRIBUTE_TOOLS = ['acl', 'attr'] as const

/** What the images of the recipes hold, all in one; `test/scenario/recipes.test.ts` compares it with the page. */
export const RECIPE_TOOLS = [
  'acl',
  'attr',
  'age',
  'borgbackup',
  'gpg',
  'gpg-agent',
  'openssh-client',
  'openssh-server',
  'rclone',
  'restic',
  'rsync',
] as const
