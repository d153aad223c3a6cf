# Whoever writes is killed at any moment, under load: what was answered stays, and
# what was not is there whole or not at all. No credential is without its indexes,
# its number or its event, and no number is there twice.
#
#     KILLS=200 SEED=7 prove t/live/killed.t

use strict;
use warnings;

use lib 't/lib';
use POSIX ();
use Test::More;
use Credverify ();
use CredverifyTool;
use Killing;
use LiveNginx;

my $KILLS = $ENV{KILLS} || 40;
my $SEED = srand($ENV{SEED} // time);
my $HOLDERS = 50 + 10 * $KILLS;

diag("SEED=$SEED") if $ENV{KILLS} || $ENV{SEED};

my $store = Credverify::store($ISSUER, $HOLDER,
    '{"kind":"class","id":"web","issuer":"i","title":"Web","number_format":"W-{seq}"}',
    '{"kind":"class","id":"course","issuer":"i","title":"Course","number_format":"C-{seq}",'
    . '"requires":{"practice":2}}',
    '{"kind":"class","id":"other","issuer":"i","title":"Other"}',
    '{"kind":"webhook","id":"all","url":"https://hook.example/"}',
    map { qq({"kind":"holder","id":"p-$_"}) } 1 .. $HOLDERS);

sub cv { return run('--store', $store, @_) }

sub one {
    my $r = cv(@_, '--json');
    $r->{status} == 0 or die "@_: $r->{err}";
    return (json_lines($r->{out}))[0];
}

sub stats { return one('stats') }

my $before = stats();


# What is known of the credentials: id => { status, number, reason, tokens }

my %known;
my %busy;
my %told = (answered => 0, done => 0, undone => 0);
my @wrong;

sub wrong {
    my ($what) = @_;
    push @wrong, $what;
    return;
}

sub command {
    my ($id, @arguments) = @_;
    my $job = start('--store', $store, @arguments, '--json');
    $job->{id} = $id;
    $job->{said} = "@arguments";
    $busy{$id} = 1;
    return $job;
}

# some credential that nobody is at, of which this is true

sub some {
    my ($is) = @_;
    my @ids = grep { !$busy{$_} && $is->($known{$_}) } sort keys %known;
    return @ids ? $ids[rand @ids] : undef;
}

sub shown {
    my ($id) = @_;
    my $r = cv('credential', 'show', $id, '--json');
    return $r->{status} == 0 ? (json_lines($r->{out}))[0] : undef;
}

sub trail {
    my ($id) = @_;
    return map { $_->{action} } json_lines(cv('credential', 'history', $id, '--json')->{out});
}

# What became of a command: it said that it was done, or was killed, and then it
# was done or not. "becomes" is what is known of its credential then, and "action"
# what its history ends with.

sub settle {
    my ($job, $r, $becomes, $action) = @_;
    my $id = $job->{id};
    delete $busy{$id};

    if ($r->{signal} == 0) {
        return wrong("$job->{said}: $r->{err}") if $r->{status} != 0;
        my ($record) = json_lines($r->{out});
        $known{$id} = { %{ $known{$id} || {} }, %$becomes };
        $known{$id}{number} = $record->{number} if defined $record->{number};
        $told{answered}++;
        return $record;
    }

    # with the next command it is decided what was done

    my $is = shown($id);
    my $was = $known{$id};
    my @trail = $is ? trail($id) : ();

    if (!$is || ($trail[-1] // '') ne $action) {
        $told{undone}++;
        wrong("$job->{said}: gone") if $was && !$is;
        wrong("$job->{said}: $is->{status}, and was $was->{status}")
            if $is && $is->{status} ne ($was ? $was->{status} : '');
        return;
    }

    $told{done}++;
    $known{$id} = { %{ $was || {} }, %$becomes, number => $is->{number} };
    wrong("$job->{said}: $is->{status}") if $is->{status} ne $known{$id}{status};
    return;
}


# What is done, of each a little: one credential each time, but for an import

my $names = 0;
my %imports;
my %progress;
my $killing = Killing->new(at_once => 4);

$killing->deed('create', begin => sub {
    my $id = 'c-' . ++$names;
    return command($id, 'credential', 'create', '--id', $id, '--class', 'web',
                   '--holder', 'h', '--status', 'issued');
}, ended => sub { settle(@_, { status => 'issued' }, 'created') });

$killing->deed('draft', begin => sub {
    my $id = 'd-' . ++$names;
    return command($id, 'credential', 'create', '--id', $id, '--class', 'web',
                   '--holder', 'h');
}, ended => sub { settle(@_, { status => 'draft', draft => 1 }, 'created') });

my %steps = (
    pend => ['pending', 'draft'], issue => ['issued', 'draft', 'pending'],
    claim => ['claimed', 'issued'], use => ['used', 'claimed'],
    refund => ['refunded', 'claimed'],
);

for my $step (sort keys %steps) {
    my ($becomes, @from) = @{ $steps{$step} };

    $killing->deed($step, begin => sub {
        my $id = some(sub { my $is = shift; grep { $is->{status} eq $_ } @from });
        return $id && command($id, 'credential', $step, $id);
    }, ended => sub { settle(@_, { status => $becomes }, $becomes) });
}

$killing->deed('revoke', begin => sub {
    my $id = some(sub { $_[0]{status} =~ /^(?:issued|used)\z/ }) or return;
    my $job = command($id, 'credential', 'revoke', $id, '--reason', "reason of $id");
    return $job;
}, ended => sub {
    my ($job) = @_;
    settle(@_, { status => 'revoked', reason => "reason of $job->{id}" }, 'revoked');
});

# a token is made whole, and known to nobody if its command was killed

$killing->deed('token', begin => sub {
    my $id = some(sub { $_[0]{status} eq 'issued' });
    return $id && command($id, 'token', 'new', $id);
}, ended => sub {
    my ($job, $r) = @_;
    my $id = $job->{id};
    my $is = $known{$id};
    delete $busy{$id};

    if ($r->{signal} == 0) {
        return wrong("$job->{said}: $r->{err}") if $r->{status} != 0;
        $is->{token}{ (json_lines($r->{out}))[0]{token_sha256} } = 1;
        $told{answered}++;
        return;
    }

    my @tokens = map { $_->{token_sha256} } json_lines(cv('token', 'list', $id, '--json')->{out});
    my @new = grep { !$is->{token}{$_} } @tokens;
    $told{ @new ? 'done' : 'undone' }++;
    wrong("$job->{said}: " . @new . ' new tokens') if @new > 1;
    $is->{token}{$_} = 1 for @new;
});

# the last step of a course: progress and credential, or neither

$killing->deed('progress', begin => sub {
    my $holder = 'p-' . ++$names;
    return if $names > $HOLDERS;
    return command($holder, 'progress', 'record', '--holder', $holder, '--class', 'course',
                   '--practice', 2);
}, ended => sub {
    my ($job, $r) = @_;
    my $holder = $job->{id};

    if ($r->{signal} == 0) {
        return wrong("$job->{said}: $r->{err}") if $r->{status} != 0;
        $progress{$holder} = (json_lines($r->{out}))[0]{number};
        $told{answered}++;
    } else {
        $progress{$holder} = '';
        $told{ cv('progress', 'list', '--holder', $holder)->{out} ? 'done' : 'undone' }++;
    }
});

# twenty lines, which are one batch

$killing->deed('import', begin => sub {
    my $name = 'i-' . ++$names;
    my $file = write_file(join '', map {
        qq({"kind":"credential","id":"$name-$_","class":"other","holder":"h","status":"issued"}\n)
    } 1 .. 20);
    return command($name, 'import', $file);
}, ended => sub {
    my ($job, $r) = @_;
    return wrong("$job->{said}: $r->{err}") if $r->{signal} == 0 && $r->{status} != 0;
    $imports{ $job->{id} } = $r->{signal} == 0;
    $told{ $r->{signal} == 0 ? 'answered' : shown("$job->{id}-1") ? 'done' : 'undone' }++;
});


# workers read meanwhile, and are killed as well

my $nginx = LiveNginx->start(server => "credverify_store $store;
    location = /v { credverify_verify number=\$arg_number; }");
my %read = (answered => 0, nothing => 0);

sub number_is {
    my ($number) = @_;
    my ($status, $body) = $nginx->get("/v?number=$number");
    return !$status ? 0 : $status == 200 && $body =~ /"reason":"(?:valid|revoked|refunded)"/ ? 1 : 2;
}

$killing->deed('read', begin => sub {
    my $id = some(sub { $_[0]{number} }) or return;
    my $pid = fork;
    die "fork: $!" unless defined $pid;
    POSIX::_exit(number_is($known{$id}{number})) if $pid == 0;
    return { pid => $pid, out => '', err => '', spare => 1, id => $id };
}, ended => sub {
    my ($job, $r) = @_;
    $read{ $r->{status} ? 'answered' : 'nothing' }++;
    wrong("$job->{id}: it is not what it is") if $r->{status} == 2;
});

my $workers = 0;
$killing->victim('worker', pids => sub { $nginx->workers }, killed => sub { $workers++ });

$killing->rounds($KILLS, 'command');

cmp_ok($killing->kills('command'), '>=', $KILLS, 'killed: ' . $killing->kills('command'));
is($told{done} + $told{undone}, $killing->kills('command'), 'and looked at, each of them');
cmp_ok($workers, '>', 0, "workers that were killed: $workers");
cmp_ok($read{answered}, '>', 0, "answers: $read{answered}, and none: $read{nothing}");
is_deeply(\@wrong, [], 'each command was done, or was killed and done whole or not at all');
cmp_ok($told{answered}, '>', $KILLS, "commands that were not killed: $told{answered}");


# The store, when it is quiet again: each number is found

is_deeply([grep { number_is($_) != 1 } map { $_->{number} } grep { $_->{number} } values %known],
          [], 'workers know all of them');
is($nginx->stop, 0, 'nginx ends well');
unlike($nginx->errors, qr/\[(?:error|crit|emerg)\]/, 'and had nothing to say');

my $check = cv('check', '--json');
done_ok($check, 'check');

my (%credential, %of, %last, %tokens, %held);

for (json_lines(cv('export')->{out})) {
    if ($_->{kind} eq 'credential') {
        $credential{ $_->{id} } = $_;
        push @{ $of{ $_->{class} } }, $_;
    }
    $last{ $_->{class} } = $_->{last} if $_->{kind} eq 'sequence';
    $tokens{ $_->{credential} }{ $_->{token_sha256} } = 1 if $_->{kind} eq 'token';
    $held{ $_->{holder} } = $_->{practice} if $_->{kind} eq 'progress';
}

my %is = map {
    my $is = $credential{$_} || {};
    $_ => [@$is{qw(status number revocation_reason)}, $tokens{$_} || {}]
} keys %known;

is_deeply(\%is, { map {
    my $is = $known{$_};
    $_ => [@$is{qw(status number reason)}, $is->{token} || {}]
} keys %known }, 'every credential is what its commands made of it');

is_deeply([grep { !$known{$_} } map { $_->{id} } @{ $of{web} }], [], 'and there is no other');

# numbers: each once, and none left out, as nothing that was refused takes one

sub numbers {
    my ($class) = @_;
    return sort { $a <=> $b } map { $_->{number} =~ /-(\d+)\z/ } grep { $_->{number} }
           @{ $of{$class} };
}

for my $class (qw(web course)) {
    my @numbers = numbers($class);
    is_deeply(\@numbers, [1 .. @numbers], "the numbers of $class: " . @numbers);
    is($last{$class}, scalar @numbers, 'and its sequence');
}

is_deeply([grep { $_->{status} !~ /^(?:draft|pending)\z/ && !$_->{number} } @{ $of{web} }], [],
          'nothing is issued without one');

# who completed the course has a certificate, and nobody else

my %certified = map { $_->{holder} => $_->{number} } @{ $of{course} };
is_deeply(\%certified, { map { $_ => $progress{$_} || $certified{$_} // 'none' } keys %held },
          'progress is there with its certificate, or is not');
is_deeply([grep { $progress{$_} && !$held{$_} } keys %progress], [], 'that which was answered is');

my %there;
$there{s/-\d+\z//r}++ for map { $_->{id} } @{ $of{other} };
is_deeply([grep { $_ != 20 } values %there], [], 'a batch is there or not');
is_deeply([grep { $imports{$_} && !$there{$_} } keys %imports], [], 'that which was answered is');

# An event for each change that is told, and no other: the trail has an entry for
# each change, and drafts and imports are not told of. "pend" is told.

my $after = stats();
my $silent = 20 * keys(%there) + grep { $_->{draft} } values %known;

is($after->{event} - $before->{event}, $after->{audited} - $before->{audited} - $silent,
   "events: $after->{event}");
is($after->{delivery}, $after->{event}, 'and each is to be sent');

note("killed: $told{done} had done it, $told{undone} had not");
cmp_ok($told{undone}, '>', 0, 'some were killed before they had done it');
cmp_ok($told{done}, '>', 0, 'some after that') if $KILLS >= 200;

done_testing();
