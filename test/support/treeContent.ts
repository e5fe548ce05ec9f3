/** Shell scripts that fill a volume with what a backup must bring back: run in it, by GNU tools, setfattr and setfacl. */

/** Owners, modes, links, times, ACLs and attributes, without what no archive keeps (sockets). */
export const CONTENT = `
umask 022
n=$(printf '\\n.'); n=\${n%.}
mkdir -p 'with space' deep/er private empty originals albums/2026
printf data >'with space/a b'; printf x >"new\${n}line"; printf 1 >-rf; printf 4 >'grüße'; : >nothing
printf h >deep/one; ln deep/one deep/er/two; ln -s ../nothing deep/link; ln -s nowhere dangling; mkfifo pipe
printf s >suid; chown 12:34 suid; chmod 6755 suid; chown 65534:1000 deep; chmod 3770 deep; chmod 1777 empty
printf p >private/p; chown -R 1000:1000 private; chmod 0400 private/p; chmod 0500 private
head -c 300000 /dev/urandom >originals/1.raw; cp originals/1.raw albums/2026/1.raw; chown -R 33:33 originals albums
touch -d '2001-02-03 04:05:06.123456789Z' suid deep/er originals/1.raw
chown 11:22 .; chmod 2750 .; touch -d '2010-10-10 10:10:10.5Z' deep .`

/** Run after `CONTENT`: what only GNU tools keep. */
export const ATTRIBUTES = `
setfattr -n user.note -v hello suid; setfattr -n user.dir -v d deep; setfattr -n security.capability -v 0sAQAAAgAgAAAAAAAAAAAAAAAAAAA= deep/one
setfacl -m u:33:r-- nothing; setfacl -d -m g:44:rwx empty
touch -d '2010-10-10 10:10:10.5Z' deep`
