package LiveHook;

# An endpoint of webhooks: an HTTP server in a process of its own, that notes
# what it is sent, and answers as it is told.

use strict;
use warnings;

use Fcntl qw(:flock :seek);
use Digest::SHA qw(hmac_sha256);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64 qw(decode_base64 encode_base64);
use POSIX ();
use Time::HiRes qw(sleep time);

my %running;

# start(answer => sub { my ($n, $request) = @_; ... }, tls => { cert, key }): the
# sub is called with how many requests there were before, and returns status, and
# perhaps more fields and a body; undef for no answer at all.

sub start {
    my ($class, %is) = @_;
    my $self = bless { log => tempdir('cv_hook.XXXXXX', TMPDIR => 1, CLEANUP => 1) . '/log' },
        $class;

    my $listen = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', ReuseAddr => 1)
        or die "listen: $!";

    $self->{port} = $listen->sockport;
    $self->{url} = ($is{tls} ? 'https' : 'http') . "://127.0.0.1:$self->{port}/hook";

    $self->{pid} = fork // die "fork: $!";

    if ($self->{pid} == 0) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        $SIG{PIPE} = 'IGNORE';
        $SIG{CHLD} = 'IGNORE';
        setpgrp;
        serve($listen, $self->{log}, %is);
        POSIX::_exit(0);
    }

    # it may be stopped before it has done so itself

    setpgrp $self->{pid}, $self->{pid};
    $running{$self->{pid}} = $$;

    return $self;
}

sub serve {
    my ($listen, $log, %is) = @_;

    while (1) {
        my $client = $listen->accept or next;
        my $pid = fork // die "fork: $!";

        if ($pid == 0) {
            connection($client, $log, %is);
            POSIX::_exit(0);
        }

        close $client;
    }
}

sub connection {
    my ($client, $log, %is) = @_;
    my $answer = $is{answer} || sub { 200 };

    if ($is{tls}) {
        require IO::Socket::SSL;
        IO::Socket::SSL->start_SSL($client, SSL_server => 1,
            SSL_cert_file => $is{tls}{cert}, SSL_key_file => $is{tls}{key}) or return;
    }

    while (my $request = receive($client)) {
        my $n = note($log, $request);
        my ($status, $fields, $body) = $answer->($n, $request);
        return unless defined $status;
        $body //= '';
        print $client "HTTP/1.1 $status Said\r\nContent-Length: " . length($body) . "\r\n"
            . ($fields // '') . "\r\n$body" or return;
        $client->flush;
    }
}

sub receive {
    my $client = shift;
    my ($line, %is) = scalar <$client>;

    return unless defined $line && $line =~ m{^(\S+) (\S+) HTTP/1\.1\r\n\z};
    %is = (method => $1, path => $2, at => time, body => '');

    while (defined($line = <$client>) && $line ne "\r\n") {
        $is{lc $1} = $2 if $line =~ /^([^:]+): *(.*)\r\n\z/;
    }

    return unless defined $line;
    read($client, $is{body}, $is{'content-length'} // 0) if $is{'content-length'};

    return \%is;
}

# how many there were before it; what of them was counted is not read again

my ($counted, $read) = (0, 0);

sub note {
    my ($log, $request) = @_;
    open my $file, '+>>', $log or die "$log: $!";
    flock $file, LOCK_EX or die "$log: $!";
    seek $file, $read, SEEK_SET;
    $counted += () = <$file>;
    $read = tell $file;
    print $file encode_json($request), "\n";
    close $file;
    return $counted;
}

# what it was sent, in order

sub requests {
    my $self = shift;
    open my $in, '<', $self->{log} or return;
    return map { decode_json($_) } <$in>;
}

sub ids {
    my $self = shift;
    return map { $_->{'webhook-id'} } $self->requests;
}

# Waits until there were so many; how many there were at last.

sub waits_for {
    my ($self, $count, $seconds) = @_;
    my $until = time + ($seconds || 10);
    my $now;

    do {
        $now = () = $self->requests;
        return $now if $now >= $count;
        sleep 0.02;
    } while (time < $until);

    return $now;
}

# Whether one of a request's signatures is by that secret: as a receiver would see
# to it, by another library than who sent it.

sub signed {
    my ($request, $secret) = @_;
    my $key = decode_base64($secret =~ s/^whsec_//r);
    my $content = join '.', $request->{'webhook-id'}, $request->{'webhook-timestamp'},
                            $request->{body};
    my $wanted = 'v1,' . encode_base64(hmac_sha256($content, $key), '');

    return scalar grep { $_ eq $wanted } split / /, $request->{'webhook-signature'};
}

sub stop {
    my $self = shift;
    kill 'KILL', -$self->{pid};
    waitpid $self->{pid}, 0;
    delete $running{$self->{pid}};
}

END {
    my $status = $?;

    for my $pid (grep { $running{$_} == $$ } keys %running) {
        kill 'KILL', -$pid;
        waitpid $pid, 0;
    }

    $? = $status;
}

1;
