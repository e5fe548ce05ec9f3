/** Makes the sentences about wrong `paths` of a target, the same for a mounted and a copied volume. Paths are latin1, as in a listing. */
import { shownPath } from './readable.ts'

export function missingPath(name: string, path: string): string {
  return `path ${shownPath(path)} does not exist in volume ${name}`
}

/** Says that `link`, which is the path itself or a directory above it, is a symbolic link. */
export function linkedPath(name: string, path: string, link: string): string {
  return link === path
    ? `path ${shownPath(path)} of volume ${name} is a symbolic link: name what it points to`
    : `path ${shownPath(path)} of volume ${name} leads through the symbolic link ${shownPath(link)}: name the real path`
}

export function nothingSelected(name: string): string {
  return `nothing is selected of volume ${name}: look at "paths" and "exclude", or set "allowEmpty: true"`
}
