package LiveIssuer;

# Who issues over HTTP: a process that makes credentials and moves them, until it
# is told to end. It sends each request, under an Idempotency-Key of its own, until
# it is answered: again after a broken connection, after 503, and while another one
# of its own is in flight. Now and then it leaves before the answer, asks twice at
# once, or asks again what was answered.

use strict;
use warnings;

use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Time::HiRes qw(sleep time);
use CredverifyTool qw(read_file temp write_file);
use LiveClient;

# seconds: nobody has to try for longer
my $PATIENCE = 60;

# credentials that it knows of at a time
my $MINE = 30;

# what is asked for by status, some of it in vain
my %next = (
    draft => ['issue', 'pend', 'claim'],
    pending => ['issue', 'refund', 'revoke'],
    issued => ['claim', 'use', 'refund', 'revoke', 'send', 'send', 'issue'],
    claimed => ['use', 'refund', 'revoke', 'refund'],
    used => ['revoke', 'claim'],
    refunded => ['revoke', 'use'],
    revoked => ['use'],
);

# and what it makes of it
my %becomes = (
    issue => 'issued', pend => 'pending', claim => 'claimed', use => 'used',
    refund => 'refunded', revoke => 'revoked',
);

# start(name, port, headers, class, course, seed, pause): "course" is one that takes
# "practice" 2, of holders NAME-1, NAME-2 and so on, "holders" of them.

sub start {
    my ($class, %is) = @_;
    my $self = bless { log => temp(), end => temp(), asked => 0, mine => [], met => 0, pause => 0.02,
                       %is }, $class;

    $self->{pid} = fork // die "fork: $!";

    if ($self->{pid} == 0) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        open $self->{out}, '>', $self->{log} or POSIX::_exit(99);
        $self->{out}->autoflush;
        srand $self->{seed};

        my $done = eval { $self->_work; 1 };
        print { $self->{out} } encode_json({ wrong => "$@" }), "\n" if !$done;
        POSIX::_exit(0);
    }

    return $self;
}

# Everything that it asked for is answered then; what that was, in order:
# { key, method, path, request, status, body, again }, or { wrong }.

sub stop {
    my $self = shift;
    write_file('', $self->{end});
    waitpid delete $self->{pid}, 0;
    return map { decode_json($_) } split /\n/, read_file($self->{log});
}

sub DESTROY {
    my $self = shift;
    local ($?, $!);
    my $pid = $self->{pid} or return;
    kill 'KILL', $pid;
    waitpid $pid, 0;
}

sub _work {
    my $self = shift;

    until (-e $self->{end}) {
        my $dice = rand;

        if ($dice < 0.25 || !@{ $self->{mine} }) {
            $self->_make(rand 2 < 1 ? '/create-issue-send' : '');
        } elsif ($dice < 0.35 && $self->{met} < $self->{holders}) {
            $self->_progress;
        } else {
            $self->_move;
        }

        sleep rand 2 * $self->{pause};
    }
}

sub _make {
    my ($self, $path) = @_;
    my $name = "$self->{name} $self->{asked}";
    my $answer = $self->_ask('POST', "/c$path", { class => $self->{class},
        holder => { name => $name, email => 'who@mail.example' }, narrative => $self->_key });

    $self->_expect($answer, 201, status => $path ? 'issued' : 'draft');
    push @{ $self->{mine} }, decode_json($answer->{body});
    shift @{ $self->{mine} } if @{ $self->{mine} } > $MINE;
}

sub _move {
    my $self = shift;
    my $is = $self->{mine}[rand @{ $self->{mine} }];
    my @steps = @{ $next{ $is->{status} } };
    my $step = $steps[rand @steps];
    my $body = $step eq 'revoke' ? { reason => 'by ' . $self->_key }
             : $step eq 'send' ? { method => 'email' } : undef;
    my $answer = $self->_ask('POST', "/c/$is->{id}/$step", $body);

    # whatever the rules are: it is done, or refused for its status

    if ($answer->{status} == 409) {
        $self->_expect($answer, 409, code => 'invalid_status');
        return;
    }

    $self->_expect($answer, 200, id => $is->{id}, status => $becomes{$step} // $is->{status});
    %$is = %{ decode_json($answer->{body}) };
}

# the first half of a course, then the other one

sub _progress {
    my $self = shift;
    my $holder = $self->{name} . '-' . ++$self->{met};

    for my $practice (1, 2) {
        my $answer = $self->_ask('PUT', "/p/$holder/$self->{course}",
                                 { practiceCompleted => $practice });
        $self->_expect($answer, 200, practiceCompleted => $practice);
        my $is = decode_json($answer->{body});
        die "$answer->{body}\n" if !$is->{issued} != ($practice == 1);
    }
}

sub _expect {
    my ($self, $answer, $status, %is) = @_;
    my $body = eval { decode_json($answer->{body}) } || {};

    return if $answer->{status} == $status && !grep { ($body->{$_} // '') ne $is{$_} } keys %is;
    die "$answer->{method} $answer->{path}: $answer->{status} $answer->{body}\n";
}

# the key of the next request

sub _key {
    my $self = shift;
    return "$self->{name}:$self->{asked}";
}

sub _ask {
    my ($self, $method, $path, $json) = @_;
    my %is = (key => $self->_key, method => $method, path => $path,
              request => $json ? encode_json($json) : '', again => 0);

    $self->{asked}++;

    my $dice = rand;
    $self->_send(\%is) if $dice < 0.05;                         # and leaves
    my $beside = $dice > 0.95 ? $self->_send(\%is) : undef;     # does not listen

    @is{qw(status body)} = $self->_answer(\%is);

    if (rand() < 0.05) {
        my ($status, $body) = $self->_answer(\%is);
        die "$is{key}: $is{status} $is{body}, and then $status $body\n"
            if "$status $body" ne "$is{status} $is{body}";
    }

    close $beside if $beside;
    print { $self->{out} } encode_json(\%is), "\n";

    return \%is;
}

sub headers {
    my ($self, $is) = @_;
    return (@{ $self->{headers} }, "Idempotency-Key: $is->{key}", 'Content-Type: application/json',
            'Content-Length: ' . length $is->{request});
}

sub _send {
    my ($self, $is) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Timeout => 5);
    print $socket join "\r\n", "$is->{method} $is->{path} HTTP/1.1", 'Host: test', $self->headers($is),
        '', $is->{request} if $socket;
    return $socket;
}

# asks until there is an answer

sub _answer {
    my ($self, $is) = @_;
    my $until = time + $PATIENCE;

    while (time < $until) {
        $self->{client} ||= LiveClient->new($self->{port});

        my ($status, $body) = eval {
            local $SIG{ALRM} = sub { die "too long\n" };
            alarm 20;
            my @answer = $self->{client}->get($is->{path}, method => $is->{method},
                body => $is->{request}, headers => [$self->headers($is)]);
            alarm 0;
            @answer;
        };

        alarm 0;

        if (!$status) {
            die "$is->{key}: no answer in 20 seconds\n" if $@ =~ /too long/;
            delete $self->{client};
        } elsif ($status != 503 && !($status == 409 && $body =~ /"request_in_flight"/)) {
            return ($status, $body);
        }

        $is->{again}++;
        sleep 0.002 + rand 0.01;
    }

    die "$is->{key}: not answered in $PATIENCE seconds\n";
}

1;
