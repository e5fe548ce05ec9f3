# An application that does everything to its files, at random, in its working directory.
# Commands by stdin: "go SEED" (in two top directories), "go SEED everywhere", both also with "plain" (no extended attributes), "stop", "end".
# After "stop" has been answered by "stopped", nothing is written any more; mappings are let go.
use strict; use warnings;
use Fcntl (); use POSIX ();

my %number = POSIX::uname() && (POSIX::uname())[4] eq 'aarch64'
  ? (mmap => 222, munmap => 215, read => 63, setxattr => 5, renameat2 => 276, fallocate => 47)
  : (mmap => 9, munmap => 11, read => 0, setxattr => 188, renameat2 => 316, fallocate => 285);
my $serial = 0;
my @mapped;    # [address, length]: pages that stay mapped and are written again and again
$| = 1;

sub usleep { select undef, undef, undef, $_[0] / 1e6 }
sub pick { $_[int rand @_] }
sub bytes { my $n = shift; my $unit = join '', map { chr int rand 256 } 1 .. 16; substr($unit x ($n / 16 + 1), 0, $n) }

# few names, so that they meet; and most of the time few top directories, so that the others grow cold
my @hot;
my $plain;
sub dir { my $depth = int rand 4; join '/', '.', map { 'd' . ($_ == 1 ? pick(@hot) : int rand 3) } 1 .. $depth }
sub path { dir() . '/' . pick('f', 'g', 'l') . int rand 6 }
sub any { pick(dir(), path(), path(), path()) }

sub put {
  my ($path, $data) = @_;
  # never waits for the reader of a fifo
  sysopen my $file, $path, Fcntl::O_WRONLY | Fcntl::O_CREAT | Fcntl::O_TRUNC | Fcntl::O_NONBLOCK or return;
  syswrite $file, $data; close $file;
  utime 1000000000, 1000000000, $path if rand() < 0.4;
}
sub regular { my $path = shift; lstat $path; -f _ }
sub wipe {
  my $path = shift;
  return if $path eq '.';
  if (!-l $path && -d $path) { opendir my $d, $path or return; for (readdir $d) { wipe("$path/$_") unless /^\.\.?$/ } rmdir $path }
  else { unlink $path }
}
sub raw_write { # bytes into memory, by read(2) from a pipe: perl has no other way
  my ($address, $data) = @_;
  pipe my $out, my $in or return;
  syswrite $in, $data;
  syscall $number{read}, fileno $out, $address, length $data;
}
sub unmap { for (@mapped) { syscall $number{munmap}, $_->[0], $_->[1] } @mapped = () }

sub swap {
  my ($a, $b) = @_;
  my $aside = './t' . ++$serial;
  rename $a, $aside or return 0;
  rename $b, $a or do { rename $aside, $a; return 0 };
  rename $aside, $b;
}

my %ops = (
  create => sub { my $path = path(); put($path, bytes(int rand 20000)) unless -e $path },
  small => sub { my $path = path(); put($path, pick('x', 'y', 'z') x 8) unless -l $path or -d $path or -p $path },
  mkdir => sub { my $path = dir(); mkdir $path; put("$path/f" . int rand 6, bytes(100)) },
  delete => sub { unlink path() },
  remove_tree => sub { wipe(dir()) if rand() < 0.1 },
  rename => sub { rename any(), any() },
  swap => sub { swap(dir(), dir()) },
  # what a copy sees meanwhile is another directory; what a list sees is the same
  swap_and_back => sub { my ($a, $b) = (dir(), dir()); swap($a, $b) and do { usleep int rand 20000; swap($a, $b) } },
  aside_and_back => sub {
    my ($a, $aside) = (dir(), './aside'); return if $a eq '.';
    rename $a, $aside or return;
    if (rand() < 0.5) { symlink pick('.', 'd0', 'd1', 'd2/d0', 'd5'), $a }
    else { mkdir $a; for (0 .. 5) { put("$a/f$_", 'n' x 8) } }
    usleep int rand 20000; wipe($a); rename $aside, $a;
  },
  exchange => sub { my ($a, $b) = (any(), any()); syscall $number{renameat2}, -100, $a, -100, $b, 2 },
  rewrite_set_back => sub {
    my $path = path(); return unless regular($path);
    my ($size, $atime, $mtime) = (lstat $path)[7, 8, 9];
    open my $file, '+<', $path or return;
    print $file bytes($size); close $file;
    utime $atime, $mtime, $path; # exact for those that put() gave a whole second
  },
  overwrite => sub { my $path = path(); return unless regular($path); open my $f, '+<', $path or return; seek $f, int rand 5000, 0; print $f bytes(50) },
  grow => sub { my $path = path(); return unless regular($path); open my $f, '>>', $path or return; print $f bytes(int rand 9000) },
  shrink => sub { my $path = path(); return unless regular($path); truncate $path, int rand 1 + -s $path },
  holes => sub { my $path = path(); return unless regular($path); open my $f, '+<', $path or return; truncate $f, 300000; seek $f, 200000 + int rand 90000, 0; print $f 'end' },
  punch => sub { my $path = path(); return unless regular($path); open my $f, '+<', $path or return; syscall $number{fallocate}, fileno $f, 3, 4096 * int rand 4, 8192 },
  map => sub {
    my $path = path(); return unless regular($path) and -s $path;
    unmap() if @mapped > 12;
    open my $f, '+<', $path or return;
    my $length = -s $f or return;
    my $at = syscall $number{mmap}, 0, $length, 3, 1, fileno $f, 0;
    return if $at == -1;
    push @mapped, [$at, $length];
  },
  replace => sub { my $path = path(); return if -d $path; put('./new', bytes(int rand 9000)); rename './new', $path },
  link => sub { my $path = path(); link path(), $path },
  link_anew => sub { my ($from, $path) = (path(), path()); return if -d $path; unlink $path; link $from, $path },
  symlink => sub { my $path = path(); return if -d $path; unlink $path; symlink pick('f0', '../d1', '/nowhere', '.'), $path },
  to_dir => sub { my $path = path(); return if -d $path; unlink $path; mkdir $path; put("$path/f1", 'in') },
  to_file => sub { my $path = dir(); return if rand() < 0.9 or $path eq '.'; wipe($path); put($path, 'was a directory') },
  fifo => sub { my $path = path(); POSIX::mkfifo($path, 0600) },
  chmod => sub { chmod pick(0644, 0600, 0755, 04755, 01777, 02750), any() },
  chown => sub { chown int rand 3, int rand 3, any() },
  touch => sub { utime 1100000000, 1100000000 + int rand 3, any() },
  xattr => sub { return if $plain; my ($path, $value) = (any(), bytes(4)); lstat $path; return if -l _; my $name = 'user.note'; syscall $number{setxattr}, $path, $name, $value, 4, 0 },
);
my @names = (sort(keys %ops), ('create') x 8, ('small') x 4, ('mkdir') x 3);

my $running = 0;
my $pending = '';
while (1) {
  my $ready = '';
  vec($ready, fileno STDIN, 1) = 1;
  if ($pending !~ /\n/ && select($ready, undef, undef, $running ? 0 : undef)) {
    sysread(STDIN, $pending, 4096, length $pending) or last;
  }
  if ($pending =~ s/^(.*)\n//) {
    my $command = $1;
    if ($command =~ /^go (\d+)( everywhere)?( plain)?$/) {
      srand $1; @hot = $2 ? (0 .. 7) : (int rand 8, int rand 8); $plain = $3;
      $running = 1; print "going\n" }
    elsif ($command eq 'stop') { unmap(); $running = 0; print "stopped\n" }
    elsif ($command eq 'end') { last }
  }
  next unless $running;
  $ops{pick(@names)}->();
  # a page beyond the end of a file that shrank would end us: only what is still there
  for (@mapped) { my ($at, $length) = @$_; raw_write($at + int rand($length > 64 ? 64 : 1), 'mapped') if rand() < 0.3 && $length > 100 }
  usleep int rand 1500;
}
