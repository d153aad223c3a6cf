package LiveClient;

# Requests one after the other on a connection that is kept, for suites that make
# thousands of them.

use strict;
use warnings;

use IO::Socket::INET;

sub new {
    my ($class, $port) = @_;
    return bless { port => $port, rest => '' }, $class;
}

# (status, body, head) of one request; dies if no whole answer comes. "path" is
# bytes, and goes out as it is. A new connection is tried once: nginx ends them
# when it likes.

sub get {
    my ($self, $path, %is) = @_;
    my $method = $is{method} || 'GET';
    my $request = join "\r\n", "$method $path HTTP/1.1", 'Host: test',
                       @{$is{headers} || []}, '', $is{body} // '';

    for my $again (0, 1) {
        my @answer = eval { $self->_ask($method, $request) };
        return @answer if @answer;
        delete $self->{socket};
        die $@ if $again || $@ !~ /^nothing/;
    }
}

sub _more {
    my $self = shift;
    my $got = sysread $self->{socket}, $self->{rest}, 1 << 16, length $self->{rest};

    return if $got;
    die length $self->{rest} ? "half an answer\n" : "nothing: $!\n";
}

sub _take {
    my ($self, $length) = @_;
    $self->_more while length $self->{rest} < $length;
    return substr $self->{rest}, 0, $length, '';
}

sub _line {
    my $self = shift;
    my $at;

    $self->_more while ($at = index $self->{rest}, "\r\n") < 0;
    return substr $self->_take($at + 2), 0, $at;
}

sub _ask {
    my ($self, $method, $request) = @_;
    local $SIG{PIPE} = 'IGNORE';

    $self->{socket} ||= do {
        $self->{rest} = '';
        IO::Socket::INET->new(PeerAddr => '127.0.0.1', Timeout => 20,
                              PeerPort => $self->{port}) or die "nothing: $!\n";
    };

    defined syswrite $self->{socket}, $request or die "nothing: $!\n";

    my $head = '';

    while ((my $line = $self->_line) ne '') {
        $head .= "$line\r\n";
    }

    my ($status) = $head =~ m{^HTTP/1\.1 (\d+)} or die "no HTTP: $head\n";
    my $body = '';

    if ($method eq 'HEAD' || $status == 204 || $status == 304) {
        # there is none

    } elsif ($head =~ /^Content-Length: (\d+)/mi) {
        $body = $self->_take($1);

    } elsif ($head =~ /^Transfer-Encoding: chunked/mi) {
        while (my $length = hex $self->_line) {
            $body .= $self->_take($length);
            $self->_line;
        }
        $self->_line;

    } else {
        die "an answer without a length: $head\n";
    }

    delete $self->{socket} if $head =~ /^Connection: close/mi;

    return ($status, $body, $head);
}

1;
