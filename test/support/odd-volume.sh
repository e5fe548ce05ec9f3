# Makes, in the working directory, everything odd that a volume can hold. For GNU tools, perl, setfattr and setfacl.
umask 022
n=$(printf '\n.'); n=${n%.}
mkdir -p 'with space' deep/er/est sub private empty
printf data >'with space/a b'
printf x >"new${n}line"; printf y >"ends$n"; printf z >"a$n."; mkdir "tricky$n"; printf z >"tricky$n/1|2|3"
printf 1 >-rf; printf 2 >--help; printf 3 >"it's \"quoted\" \\ \$HOME \`id\`"
printf 4 >"$(printf 'bad\377\201utf8')"; printf 5 >'grüße'; printf 6 >'*'; printf 7 >'?[a]'; printf 8 >"$(printf 'tab\t\033[31m')"
long=$(printf '%0255d' 0); printf long >"$long"; mkdir "deep/$long"; printf long >"deep/$long/$long"
ln -s /etc/passwd absolute; ln -s nowhere dangling; ln -s ../../../../etc/shadow out; ln -s deep/er todir
printf h >sub/one; ln sub/one sub/two; ln sub/one deep/er/three; ln -s one sub/link; ln -P sub/link deep/linklink
truncate -s 64M sparse; printf end >>sparse
mkfifo pipe; mknod null c 1 3; mknod block b 7 9
perl -MSocket -e 'socket(S,PF_UNIX,SOCK_STREAM,0); bind(S,sockaddr_un("sock"))'
printf s >suid; chown 12:34 suid; chmod 6755 suid
chown 65534:1000 sub; chmod 3770 sub; chmod 1777 empty; chmod 0 private; printf p >private/p; chmod 0 private/p
chown -h 7:8 dangling; : >nothing
setfattr -n user.note -v hello suid; setfattr -n user.dir -v d deep; setfattr -n user.root -v r .
setfacl -m u:33:r-- nothing; setfacl -d -m g:44:rwx deep/er
touch -d '2001-02-03 04:05:06.123456789Z' suid deep/er; touch -h -d '1999-01-01Z' absolute; touch -d '2030-01-01Z' nothing
mkdir .cache; printf j >.cache/junk; mkdir .cache/more
chown 11:22 .; chmod 2750 .; touch -d '2010-10-10 10:10:10.5Z' deep/er sub .
