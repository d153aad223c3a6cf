package Killing;

# Load on a store, and SIGKILL at random moments of it.
#
#     my $killing = Killing->new(at_once => 4);
#
#     $killing->deed(NAME, begin => sub { return a job, or nothing },
#                          ended => sub { my ($job, $result) = @_ });
#     $killing->victim(NAME, pids => sub { who may be killed now },
#                            killed => sub { my ($pid) = @_ });
#     $killing->rounds(200, 'command');   at least so many of these are killed
#
# A job is what CredverifyTool::start() returns, with whatever else "ended" is to
# know of it; it is killed as a victim of its own, unless it has "spare". A result
# is what finish() returns: of one that was killed "signal" is 9, and nobody knows
# what it has done. Other victims, such as the workers of a server, are neither
# started nor waited for here.

use strict;
use warnings;

use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);
use CredverifyTool qw(read_file);

# longer than anything that waits for a lock whose holder was killed
my $PATIENCE = 60;

sub new {
    my ($class, %is) = @_;
    return bless { at_once => 4, deeds => [], victims => [], running => [], kills => {},
                   takes => 0.02, %is }, $class;
}

sub deed {
    my ($self, $name, %is) = @_;
    push @{ $self->{deeds} }, { name => $name, %is };
    return $self;
}

sub victim {
    my ($self, $name, %is) = @_;
    push @{ $self->{victims} }, { name => $name, %is };
    return $self;
}

# How often somebody of that name was killed; of no name, how often anybody was.

sub kills {
    my ($self, $name) = @_;
    my $n = 0;
    $n += $_ for defined $name ? $self->{kills}{$name} // 0 : values %{ $self->{kills} };
    return $n;
}

sub _begin {
    my $self = shift;
    my @deeds = sort { $a->[0] <=> $b->[0] } map { [rand, $_] } @{ $self->{deeds} };

    for my $deed (map { $_->[1] } @deeds) {
        my $job = $deed->{begin}->() or next;
        @$job{qw(deed began)} = ($deed, time);
        push @{ $self->{running} }, $job;
        return 1;
    }

    return 0;
}

# those that have ended; a moment is to be anywhere in what one takes

sub _reap {
    my $self = shift;
    my @running;

    for my $job (splice @{ $self->{running} }) {
        if (waitpid($job->{pid}, WNOHANG) != $job->{pid}) {
            push @running, $job;
            die "$job->{deed}{name} takes for ever\n" if time - $job->{began} > $PATIENCE;
            next;
        }

        my %result = (status => $? >> 8, signal => $? & 127,
                      map { $_ => read_file($job->{$_}) } qw(out err));
        unlink @$job{qw(out err)};

        # one that had ended already was not killed

        if ($result{signal} == 9) {
            $self->{kills}{command}++;
        } else {
            $self->{takes} += (time - $job->{began} - $self->{takes}) / 20;
        }

        $job->{deed}{ended}->($job, \%result);
    }

    push @{ $self->{running} }, @running;
    return;
}

sub _kill {
    my $self = shift;
    my @commands = map { $_->{pid} } grep { !$_->{spare} } @{ $self->{running} };

    # commands are one of the victims; what they do is done when they are old

    @commands = $commands[0] if @commands && rand 2 < 1;

    my @victims = ({ name => 'command', pids => sub { @commands } }, @{ $self->{victims} });
    my $victim = $victims[rand @victims];
    my @pids = $victim->{pids}->() or return;
    my $pid = $pids[rand @pids];

    if (kill('KILL', $pid) && $victim->{killed}) {
        $self->{kills}{ $victim->{name} }++;
        $victim->{killed}->($pid);
    }

    return;
}

sub rounds {
    my ($self, $rounds, $name) = @_;
    my $enough = $self->kills($name) + $rounds;
    my $next = 0;

    while ($self->kills($name) < $enough || @{ $self->{running} }) {
        if ($self->kills($name) < $enough) {
            while (@{ $self->{running} } < $self->{at_once}) { $self->_begin or last }

            $next ||= time + rand 2 * $self->{takes};

            if (time >= $next) {
                $self->_kill;
                $next = 0;
            }
        }

        $self->_reap;
        sleep 0.0005;
    }

    return;
}

# Whoever gives up leaves nothing behind that still runs.

sub DESTROY {
    my $self = shift;
    local ($?, $!);

    for my $job (splice @{ $self->{running} }) {
        kill 'KILL', $job->{pid};
        waitpid $job->{pid}, 0;
    }
}

1;
