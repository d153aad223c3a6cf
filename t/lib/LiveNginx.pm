package LiveNginx;

# A real nginx of the test's own: on a free port of the loopback interface, in
# a prefix of its own, with unprivileged workers where the test runs as root.

use strict;
use warnings;

use Cwd qw(getcwd);
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);
use Credverify;
use LiveCommand qw(free_port);

my $root = getcwd();

# The library by which nginx sees another time; false where it cannot be had. In
# an nginx with AddressSanitizer, libraries that draw make each wait for the
# other before main().

sub faketime {
    my ($library) = glob '/usr/lib/*/faketime/libfaketime.so.1';
    my $nginx = $ENV{TEST_NGINX_BINARY} || 'nginx';
    my $built = LiveNginx->slurp($nginx);
    return $built =~ /__asan_init/ && $built =~ /librsvg/ ? undef : $library;
}

# start(conf => text | main, http, server): @PORT@ in "conf" is the port.
# "env" is added to nginx's environment; "under" is a command that runs nginx.
# An nginx that has the module linked in gets a "conf" that does not load it.

sub start {
    my ($class, %is) = @_;
    my $prefix = $is{prefix} || Credverify::folder();
    my $module = $ENV{TEST_NGINX_LOAD_MODULES}
        // "$root/build/ngx_http_credverify_module.so";
    my $load = $module && "load_module $module;";
    my $user = $> == 0 ? 'user www-data;' : '';
    my $self = bless { prefix => $prefix, port => free_port() }, $class;

    my $conf = $is{conf} || <<"EOF_CONF";
$load
$user
worker_processes @{[ $is{workers} || 2 ]};
pid nginx.pid;
error_log error.log @{[ $is{level} || 'notice' ]};
@{[ $is{main} || '' ]}
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    credverify_views $Credverify::views;
    @{[ $is{http} || '' ]}
    server {
        listen 127.0.0.1:\@PORT\@;
        @{[ $is{server} || '' ]}
    }
}
EOF_CONF

    $conf =~ s/\@PORT\@/$self->{port}/g;
    $conf = LiveCommand::linked_in($conf) unless $module;

    open my $file, '>', "$prefix/nginx.conf" or die "$prefix: $!";
    print $file $conf;
    close $file or die "$prefix: $!";

    $self->{conf} = "$prefix/nginx.conf";
    $self->{nginx} = $ENV{TEST_NGINX_BINARY} || 'nginx';
    $self->{log} = "$prefix/" . ($is{log} || 'error.log');
    $self->{env} = $is{env} || {};
    $self->{under} = $is{under} || [];
    $self->run;

    return $self;
}

sub run {
    my $self = shift;
    my $pid = fork;

    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP QUIT PIPE);
        $ENV{$_} = $self->{env}{$_} for keys %{$self->{env}};
        $ENV{PATH} .= ':/usr/local/sbin:/usr/sbin:/sbin';
        open STDERR, '>>', "$self->{prefix}/stderr";
        exec @{$self->{under}}, $self->{nginx}, '-p', $self->{prefix}, '-c', $self->{conf},
             '-e', $self->{log}, '-g', 'daemon off;'
            or die "nginx: $!";
    }

    $self->{pid} = $pid;

    for (1 .. 200) {
        return if $self->connect;
        sleep 0.05;
    }

    die "nginx does not start:\n" . $self->slurp("$self->{prefix}/stderr")
        . $self->errors;
}

sub connect {
    my $self = shift;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                 PeerPort => $self->{port}, Timeout => 5);
}

# (status, body, head) of one request on a connection of its own, with "body" if
# there is one; status 0 if no whole answer came.

sub get {
    my ($self, $path, %is) = @_;
    my $socket = $self->connect or return (0, '', '');
    my $method = $is{method} || 'GET';
    my $content = $is{body} // '';
    my $length_of = defined $is{body} ? 'Content-Length: ' . length($content) . "\r\n" : '';
    my $headers = join '', map { "$_\r\n" } @{$is{headers} || []};
    my $answer = '';

    print $socket "$method $path HTTP/1.1\r\nHost: test\r\n"
        . "Connection: close\r\n$length_of$headers\r\n$content";

    while (IO::Select->new($socket)->can_read(20)) {
        sysread($socket, $answer, 65536, length $answer) or last;
    }

    my ($head, $body) = split /\r\n\r\n/, $answer, 2;
    my ($status) = ($head // '') =~ m{^HTTP/1\.1 (\d+)};
    my ($length) = ($head // '') =~ /^Content-Length: (\d+)/mi;

    return (0, '', '') if !$status
        || ($method ne 'HEAD' && defined $length && $length != length $body);

    return ($status, $body, "$head\r\n");
}

sub status {
    my $self = shift;
    return ($self->get(@_))[0];
}

# Waits until the path is answered by that status; what it was at last.

sub becomes {
    my ($self, $path, $status, $seconds) = @_;
    my $until = time + ($seconds || 10);
    my $now;

    do {
        $now = $self->status($path);
        return $now if $now == $status;
        sleep 0.05;
    } while (time < $until);

    return $now;
}

sub slurp {
    my ($self, $path) = @_;
    open my $file, '<', $path or return '';
    local $/;
    return <$file> // '';
}

sub errors {
    my $self = shift;
    return $self->slurp($self->{log});
}

sub workers {
    my $self = shift;
    return split ' ', $self->slurp("/proc/$self->{pid}/task/$self->{pid}/children");
}

sub signal {
    my ($self, $signal) = @_;
    kill $signal, $self->{pid};
}

# Ends nginx; its exit status.

sub stop {
    my $self = shift;
    my $pid = delete $self->{pid} or return;
    kill 'QUIT', $pid;

    for (1 .. 400) {
        return $? if waitpid($pid, 1) == $pid;
        sleep 0.05;
    }

    kill 'KILL', $pid;
    waitpid $pid, 0;
    return -1;
}

sub DESTROY {
    my $self = shift;
    local $?;
    $self->stop;
}

1;
