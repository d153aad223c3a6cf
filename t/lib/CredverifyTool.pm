package CredverifyTool;

# What the tests of the command share: running it, stores, and records.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use JSON::PP;
use POSIX ();
use Test::More;

our @EXPORT = qw(
    $BINARY $ISSUER $CLASS $HOLDER $CREDENTIAL
    run start finish init_store load write_file read_file json_lines
    done_ok fails misused temp records given assertions
    shim under_shim faketime at_time
);

$ENV{LC_ALL} = 'C';
delete $ENV{CREDVERIFY_STORE};

our $BINARY = abs_path($ENV{CREDVERIFY}
                       || dirname(__FILE__) . '/../../build/credverify');

-x $BINARY or BAIL_OUT("no credverify: build it, or set CREDVERIFY");

our $ISSUER     = '{"kind":"issuer","id":"i","name":"Issuer"}';
our $CLASS      = '{"kind":"class","id":"c","issuer":"i","title":"Class"}';
our $HOLDER     = '{"kind":"holder","id":"h","name":"Holder"}';
our $CREDENTIAL = '{"kind":"credential","id":"x","class":"c","holder":"h",'
                . '"status":"issued"}';

my $dir = tempdir('cv_cli.XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $names = 0;

# whoever runs the command may pass through, but not look around

chmod 0711, $dir;

sub temp {
    return "$dir/" . ++$names;
}

sub write_file {
    my ($content, $file) = @_;
    $file ||= temp();
    open my $out, '>:raw', $file or die "$file: $!\n";
    print $out $content;
    close $out or die "$file: $!\n";
    return $file;
}

sub read_file {
    my ($file) = @_;
    return '' unless -f $file;      # a device may never end
    open my $in, '<:raw', $file or return '';
    local $/;
    my $content = <$in>;
    return defined $content ? $content : '';
}

# start({ in => TEXT, stdin, stdout, stderr => FILE, as => UID }, ARGUMENTS)

sub start {
    my $how = ref $_[0] ? shift : {};
    my @arguments = @_;

    my %job = (out => $how->{stdout} || temp(), err => $how->{stderr} || temp());
    my $in = $how->{stdin}
             || (defined $how->{in} ? write_file($how->{in}) : '/dev/null');

    $job{pid} = fork();
    die "fork: $!\n" unless defined $job{pid};

    if ($job{pid} == 0) {
        # as a terminal would start it, whatever started us ignores
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP QUIT PIPE);

        open STDIN, '<', $in or POSIX::_exit(99);
        open STDOUT, '>', $job{out} or POSIX::_exit(99);
        open STDERR, '>', $job{err} or POSIX::_exit(99);

        my $binary = $BINARY;

        # someone else may not be able to walk to it

        if ($how->{as}) {
            local $^F = 255;
            open my $opened, '<', $BINARY or POSIX::_exit(99);
            $binary = '/proc/self/fd/' . fileno $opened;
            $how->{opened} = $opened;

            POSIX::setgid($how->{as});
            $) = "$how->{as} $how->{as}";
            POSIX::setuid($how->{as});
        }

        $how->{before}->() if $how->{before};
        exec { $binary } $BINARY, @arguments or POSIX::_exit(99);
    }

    return \%job;
}

sub finish {
    my ($job) = @_;
    waitpid $job->{pid}, 0;
    return { status => $? >> 8, signal => $? & 127,
             out => read_file($job->{out}), err => read_file($job->{err}) };
}

sub run {
    return finish(start(@_));
}

sub init_store {
    my @options = @_;
    my $store = temp();
    my $r = run('--store', $store, 'init', @options);
    $r->{status} == 0 or die "init: $r->{err}";
    return $store;
}

# a store with these lines in it

sub load {
    my @lines = @_;
    my $store = init_store();
    my $r = run({ in => join('', map { "$_\n" } @lines) },
                '--store', $store, 'import', '-');
    $r->{status} == 0 or die "import: $r->{err}";
    return $store;
}

sub json_lines {
    my ($text) = @_;
    return map { decode_json($_) } split /\n/, $text;
}

# it worked, and said nothing on standard error

sub done_ok {
    my ($r, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is("$r->{status} $r->{signal} $r->{err}", '0 0 ', $name);
}

# it did not, and said exactly this (a string) or something like it

sub failed_with {
    my ($status, $r, $error, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 2;

    subtest $name => sub {
        is($r->{status}, $status, 'exit status');
        is($r->{signal}, 0, 'no signal');
        is($r->{out}, '', 'nothing on standard output');

        if (ref $error) {
            like($r->{err}, $error, 'error');
            like($r->{err}, qr/\Acredverify: [^\n]+\n\z/, 'in one line');
        } else {
            is($r->{err}, "credverify: $error\n", 'error');
        }
    };
}

sub fails   { failed_with(1, @_) }
sub misused { failed_with(2, @_) }

# lines for so many holders, each with a credential and a token

sub records {
    my ($count) = @_;
    my @lines = ($ISSUER, $CLASS);

    for my $i (1 .. $count) {
        my $hash = sprintf '%064x', $i * 2654435761 % 4294967296 * 65537 + $i;

        push @lines, qq({"kind":"holder","id":"h$i","name":"Holder $i"}),
            qq({"kind":"credential","id":"x$i","class":"c","holder":"h$i",)
            . qq("status":"issued","number":"N-$i"}),
            qq({"kind":"token","token_sha256":"$hash","credential":"x$i"});
    }

    return @lines;
}

# The assertions in an export, as they are.

sub assertions {
    my ($export) = @_;
    return grep { /\A\{"kind":"assertion",/ } split /^/, $export;
}

# An export without the assertions that the store made: one of random bytes for
# every credential, in their order, and none like another.  One that has others
# stays as it is, and so is equal to nothing that was given.

sub given {
    my ($export) = @_;
    my @of = $export =~ /^\{"kind":"credential","id":("[^"]*")/mg;
    my %seen;

    for my $line (assertions($export)) {
        my ($of, @random) = $line =~ /\A\{"kind":"assertion","credential":("[^"]*"),
                              "id":"([0-9a-f]{32})","salt":"([0-9a-f]{16})"\}\n\z/x;
        return $export if !@of || !@random || $of ne shift @of || grep { $seen{$_}++ } @random;
    }

    return @of ? $export : $export =~ s/^\{"kind":"assertion",.*\n//mgr;
}

# A library for LD_PRELOAD: with SHIM_SLOW, each write to a file takes so many
# milliseconds; with SHIM_SPACE, the disk has room for so many bytes; with
# SHIM_FULL, none is given away beforehand; with SHIM_NAMED, there are no files
# without a name. False where it cannot be had.

my $shim;

sub shim {
    return $shim if defined $shim;
    return $shim = '' if read_file($BINARY) =~ /__asan_init/;

    my $library = temp() . '.so';
    my $source = write_file(<<'EOF', temp() . '.c');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int
full(int fd, size_t len)
{
    static long   left = -1;
    struct stat   st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return 0;
    }

    if (getenv("SHIM_SLOW")) {
        usleep(1000 * atoi(getenv("SHIM_SLOW")));
    }

    if (getenv("SHIM_SPACE") == NULL) {
        return 0;
    }

    left = left == -1 ? atol(getenv("SHIM_SPACE")) : left;
    left -= (long) len;

    if (left < 0) {
        left = 0;
        errno = ENOSPC;
        return 1;
    }

    return 0;
}

ssize_t
write(int fd, const void *data, size_t len)
{
    return full(fd, len) ? -1 : ((ssize_t (*)(int, const void *, size_t))
                                 dlsym(RTLD_NEXT, "write"))(fd, data, len);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
    return full(fd, len) ? -1
           : ((ssize_t (*)(int, const void *, size_t, off_t))
              dlsym(RTLD_NEXT, "pwrite"))(fd, data, len, at);
}

int
posix_fallocate(int fd, off_t at, off_t len)
{
    return getenv("SHIM_FULL")
           ? ENOSPC : ((int (*)(int, off_t, off_t))
                       dlsym(RTLD_NEXT, "posix_fallocate"))(fd, at, len);
}

int
fchmod(int fd, mode_t mode)
{
    return getenv("SHIM_MODES")
           ? 0 : ((int (*)(int, mode_t)) dlsym(RTLD_NEXT, "fchmod"))(fd, mode);
}

int
openat(int at, const char *path, int flags, ...)
{
    int      mode;
    va_list  args;

    if (getenv("SHIM_NAMED") && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }

    va_start(args, flags);
    mode = va_arg(args, int);
    va_end(args);

    return ((int (*)(int, const char *, int, ...))
            dlsym(RTLD_NEXT, "openat"))(at, path, flags, mode);
}
EOF

    return $shim = system('cc', '-shared', '-fPIC', '-o', $library, $source,
                          '-ldl') == 0 ? $library : '';
}

# how to start a command with it

sub under_shim {
    my %env = @_;
    return before => sub { %ENV = (%ENV, LD_PRELOAD => shim(), %env) };
}

# The library by which a command sees another time, in UTC; false where it cannot
# be had. It stands still, but for what measures how long something takes.

sub faketime {
    my ($library) = glob '/usr/lib/*/faketime/libfaketime.so.1';
    return read_file($BINARY) =~ /__asan_init/ ? undef : $library;
}

# how to start a command with it

sub at_time {
    my ($time) = @_;
    $time .= " 00:00:00" unless $time =~ m{ };

    return before => sub {
        %ENV = (%ENV, LD_PRELOAD => faketime(), FAKETIME => $time, TZ => 'UTC',
                FAKETIME_DONT_FAKE_MONOTONIC => 1);
    };
}

1;
