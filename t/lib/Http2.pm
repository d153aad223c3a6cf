package Http2;

# As much of HTTP/2 (RFC 9113) as it takes to ask for many things at once on a
# connection, and to think better of it.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;

my %type = (data => 0, headers => 1, rst_stream => 3, settings => 4, goaway => 7, window_update => 8);

sub new {
    my ($class, $port) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
        or die "connect: $!";
    my $self = bless { socket => $socket, next => 1, body => {}, status => {}, ended => {}, in => '' }, $class;

    # windows that nothing fills

    print $socket "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    $self->_send('settings', 0, 0, pack 'n N', 4, 0x7fffffff);
    $self->_send('window_update', 0, 0, pack 'N', 0x70000000);

    return $self;
}

sub _send {
    my ($self, $type, $flags, $stream, $payload) = @_;
    print { $self->{socket} } substr(pack('N', length $payload), 1),
        pack('C C N', $type{$type}, $flags, $stream), $payload;
}

# Asks for a path of less than 127 bytes; the stream.

sub get {
    my ($self, $path) = @_;
    my $stream = $self->{next};
    $self->{next} += 2;

    # GET, http, and texts as they are (RFC 7541, appendix A and 6.2.2)

    $self->_send('headers', 5, $stream, "\x82\x86" . pack('C C/a C C/a', 4, $path, 1, 'test'));

    return $stream;
}

sub cancel {
    my ($self, $stream) = @_;
    $self->_send('rst_stream', 0, $stream, pack 'N', 8);
}

# Waits until these streams have ended; what is wrong, or nothing.

sub finish {
    my ($self, @streams) = @_;

    while (grep { !$self->{ended}{$_} } @streams) {
        return 'no answer' unless IO::Select->new($self->{socket})->can_read(30);
        sysread($self->{socket}, $self->{in}, 1 << 20, length $self->{in})
            or return 'the connection ended';
        my $wrong = $self->_frames;
        return $wrong if $wrong;
    }

    return '';
}

sub _frames {
    my ($self) = @_;

    while (length $self->{in} >= 9) {
        my ($length, $type, $flags, $stream) = unpack 'N C C N', "\0" . $self->{in};
        last if length $self->{in} < 9 + $length;

        my $payload = substr $self->{in}, 9, $length;
        substr($self->{in}, 0, 9 + $length) = '';

        return 'GOAWAY' if $type == $type{goaway};
        return "stream $stream was reset" if $type == $type{rst_stream};

        # 200 is the eighth of the table

        $self->{status}{$stream} = unpack('C', $payload) == 0x88 ? 200 : 0 if $type == $type{headers};
        $self->{body}{$stream} .= $payload if $type == $type{data};
        $self->{ended}{$stream} = 1 if $type <= $type{headers} && $flags & 1;
        $self->_send('settings', 1, 0, '') if $type == $type{settings} && !($flags & 1);
    }

    return '';
}

1;
