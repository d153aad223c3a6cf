package LiveCommand;

# Commands as a user would start them: a prefix with the project's files in it, on a
# free port, and nothing left of them when the test ends.

use strict;
use warnings;

use Cwd qw(getcwd);
use Exporter qw(import);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);
use Png;

our @EXPORT = qw(prefix free_port answers spawn gone ended slurp fetch);

my $root = getcwd();
my %running;

# A configuration for an nginx that has the module linked in.

sub linked_in {
    my $conf = shift;
    $conf =~ s/^load_module .*;\n//mg;
    return $conf;
}

# A clone of what the examples need, in a folder that only we can walk to, as
# a home often is; and the nginx that is tested is the one on the PATH.

sub prefix {
    my $prefix = tempdir('credverify.XXXXXX', TMPDIR => 1, CLEANUP => 1)
                 . '/clone';
    my $tool = $ENV{CREDVERIFY} || "$root/build/credverify";
    my $module = $ENV{TEST_NGINX_LOAD_MODULES}
        // "$root/build/ngx_http_credverify_module.so";

    mkdir $_, 0755 or die "$_: $!" for $prefix, "$prefix/build", "$prefix/bin";
    system('cp', '-R', "$root/conf-examples", $prefix) == 0 or die 'cp';
    system('cp', $tool, "$prefix/build/credverify") == 0 or die 'cp';

    if ($module) {
        system('cp', $module, Png::module(), "$prefix/build") == 0 or die 'cp';
    } else {
        write_file("$prefix/build/ngx_http_credverify_module.so", '');
        write_file($_, linked_in(slurp($_))) for glob "$prefix/conf-examples/*.conf";
    }

    if (my $nginx = $ENV{TEST_NGINX_BINARY}) {
        symlink $nginx, "$prefix/bin/nginx" or die "symlink: $!";
        $ENV{PATH} = "$prefix/bin:$ENV{PATH}";
    }

    return $prefix;
}

sub free_port {
    my $socket = IO::Socket::INET->new(Listen => 1,
                                       LocalAddr => '127.0.0.1')
        or die "no free port: $!";

    return $socket->sockport;
}

sub answers {
    my $port = shift;
    return defined IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
}

# Starts a command in a process group of its own, with its output in a file.

sub spawn {
    my ($dir, $output, @command) = @_;
    my $pid = fork;

    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        setpgrp;
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP QUIT PIPE);
        chdir $dir or die "$dir: $!";
        open STDOUT, '>', $output or die "$output: $!";
        open STDERR, '>&', \*STDOUT;
        exec @command or die "$command[0]: $!";
    }

    $running{$pid} = 1;

    return $pid;
}

# The exit status of a command that was started, undef if it goes on.

sub ended {
    my ($pid, $seconds) = @_;

    for (my $end = time + $seconds; time < $end; sleep 0.05) {
        if (waitpid($pid, WNOHANG) == $pid) {
            delete $running{$pid};
            return $?;
        }
    }

    return undef;
}

# True when no process of its group is left.

sub gone {
    my $pid = shift;

    for (1 .. 40) {
        return 1 unless kill 0, -$pid;
        sleep 0.05;
    }

    return 0;
}

sub slurp {
    my $file = shift;
    open my $in, '<', $file or return '';
    local $/;
    return scalar <$in>;
}

sub write_file {
    my ($path, $text) = @_;
    open my $out, '>', $path or die "$path: $!";
    print $out $text;
    close $out or die "$path: $!";
}

# Status, header and body of what curl gets, given its arguments as a shell
# line.

sub fetch {
    my $line = shift;
    my $answer = `$line -s -i --max-time 20`;
    my ($header, $body) = split /\r\n\r\n/, $answer, 2;
    my ($status) = ($header // '') =~ m{^HTTP/\S+ (\d+)};

    return ($status // 0, $header // '', $body // '');
}

END {
    my $status = $?;

    for my $pid (keys %running) {
        kill 'KILL', -$pid;
        waitpid $pid, 0;
    }

    $? = $status;
}

1;
