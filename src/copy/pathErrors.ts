/** What is wrong with a target's `paths`, in the same words whether its volume is mounted or copied. Paths are as in a listing. */
import { shown } from './listing.ts'

export function missingPath(name: string, path: string): string {
  return `path ${shown(path)} does not exist in volume ${name}`
}

/** `link` is the path itself, or a directory above it. */
export function linkedPath(name: string, path: string, link: string): string {
  return link === path
    ? `path ${shown(path)} of volume ${name} is a symbolic link: name what it points to`
    : `path ${shown(path)} of volume ${name} leads through the symbolic link ${shown(link)}: name the real path`
}

export function nothingSelected(name: string): string {
  return `nothing is selected of volume ${name}: look at "paths" and "exclude", or set "allowEmpty: true"`
}
