package LiveLoad;

# Many connections that ask as fast as they are answered, from one process.

use strict;
use warnings;

use Exporter qw(import);
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);

our @EXPORT = qw(load);

# load(port, request, ...): what was answered, { status => times }, and how many
# requests were "lost", on connections that were closed. "request" is a text, or
# makes one. Others:
#
#   connections, depth   how many, and how many requests each has under way
#   rate                 so many requests a second at most
#   answers, seconds     ends after so many answers, or that time, or both
#   every => [s, sub]    to be called meanwhile; true ends it, too

sub load {
    my ($port, $request, %is) = @_;
    my $depth = $is{depth} || 1;
    my $make = ref $request ? $request : sub { $request };
    my $select = IO::Select->new;
    my $began = time;
    my $most = $is{answers} || 9**15;
    my $until = $began + ($is{seconds} || 600);
    my ($every, $call) = @{$is{every} || [9**15]};
    my $next = $began + $every;
    my ($answered, $sent, $made, %connection, %seen) = (0, 0, 0);
    local $SIG{PIPE} = 'IGNORE';

    my $fill = sub {
        my $one = shift;
        my $n = $depth - $one->{waiting};
        my $left = $is{rate} ? int($is{rate} * (time - $began)) - $made : $most;
        $left = $most - $sent if $left > $most - $sent;
        $n = $left if $n > $left;
        return if $n <= 0;
        $one->{waiting} += $n;
        $sent += $n;
        $made += $n;
        syswrite $one->{socket}, join '', map { $make->() } 1 .. $n;
    };

    # while nginx is restarted nobody may be there

    my $open = sub {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port);
        $socket or select(undef, undef, undef, 0.01), return;
        $connection{$socket} = { socket => $socket, waiting => 0, tail => '' };
        $select->add($socket);
        $fill->($connection{$socket});
    };

    while ($answered < $most && time < $until) {
        for (1 .. ($is{connections} || 64) - keys %connection) {
            $open->() if $sent < $most;
        }

        for my $socket ($select->can_read($is{rate} ? 0.002 : 0.05)) {
            my $one = $connection{$socket};
            my $got = sysread $socket, my $data, 1 << 18;

            if (!$got) {
                $seen{lost} += $one->{waiting};
                $sent -= $one->{waiting};       # another one goes instead
                $select->remove($socket);
                delete $connection{$socket};
                next;
            }

            $data = $one->{tail} . $data;

            while ($data =~ m{HTTP/1\.1 (\d\d\d)}g) {
                $seen{$1}++;
                $answered++;
                $one->{waiting}--;
            }

            $one->{tail} = substr $data, -11;
            $fill->($one) if $one->{waiting} <= $depth / 2;
        }

        for my $one ($is{rate} ? values %connection : ()) {
            $fill->($one) unless $one->{waiting};
        }

        if (time >= $next) {
            last if $call->();
            $next = time + $every;
        }
    }

    $seen{lost} += $_->{waiting} for values %connection;
    $seen{lost} ||= 0;

    return \%seen;
}

1;
