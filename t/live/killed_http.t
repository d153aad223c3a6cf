# Workers, commands and "deliver" are killed at any moment, while credentials are
# issued over HTTP, by commands and by import, and webhooks are told. What was
# answered is there as it was answered, once for each Idempotency-Key; no number is
# there twice, or left out; no event is lost, and one that comes twice has its id.
#
#     KILLS=200 SEED=7 prove t/live/killed_http.t

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use List::Util qw(head max shuffle);
use Test::More;
use Time::HiRes qw(sleep time);
use CredverifyKeys;
use CredverifyTool;
use Killing;
use LiveHook;
use LiveIssuer;
use LiveNginx;

my $KILLS = $ENV{KILLS} || 40;
my $SEED = srand($ENV{SEED} // time);
my $CLIENTS = 5;
my $LINES = 8;
my $HOLDERS = 20 + 5 * $KILLS;

# so much of what is slow to look at is looked at
my $SAMPLE = 40 + $KILLS;

diag("SEED=$SEED") if $ENV{KILLS} || $ENV{SEED};

%CredverifyKeys::keys = (write => ['scs_live',
    scopes => ['credentials:read', 'credentials:write', 'progress:write']]);

my $store = init_store('--map-size', '1G');

sub cv { return run('--store', $store, @_) }

sub all {
    my $r = cv(@_, '--json');
    $r->{status} == 0 or die "@_: $r->{err}";
    return json_lines($r->{out});
}

sub one { return (all(@_))[0] }

my $records = write_file(join '', map { "$_\n" } $ISSUER, $HOLDER,
    '{"kind":"class","id":"web","issuer":"i","title":"Web","number_format":"W-{seq}"}',
    '{"kind":"class","id":"course","issuer":"i","title":"Course","number_format":"C-{seq}",'
    . '"requires":{"practice":2}}',
    '{"kind":"class","id":"other","issuer":"i","title":"Other"}',
    (map { my $client = $_; map { qq({"kind":"holder","id":"client$client-$_"}) } 1 .. $HOLDERS } 1 .. $CLIENTS),
    CredverifyKeys::lines());

done_ok(cv('import', $records), 'a store');

my @wrong;

sub wrong {
    my ($what) = @_;
    push @wrong, $what;
    return;
}


# Receivers: one is slow now and then, one fails now and then, but of one event
# never twice, as that would be tried again in five minutes only.

my %refused = (log => temp(), from => time);

sub refuses {
    my ($id) = @_;
    my @stat = stat $refused{log};
    my $last = @stat ? $stat[9] : $refused{from} - 10;

    return 0 if time - $last < 12 || read_file($refused{log}) =~ /^\Q$id\E$/m;
    open my $out, '>>', $refused{log} or die $!;
    print $out "$id\n";
    close $out;

    return 1;
}

my %hook = (
    slow => LiveHook->start(answer => sub { sleep rand 0.3 if rand() < 0.02; return 200 }),
    poor => LiveHook->start(answer => sub {
        my (undef, $request) = @_;
        return refuses($request->{'webhook-id'}) ? 500 : 204;
    }),
);

my %secret;

sub add_webhook {
    my ($id, @more) = @_;
    $secret{$id} = one('webhook', 'add', $id, '--url', $hook{$id}{url}, '--private', 'true',
                       @more)->{secret};
    return;
}

add_webhook('slow');
add_webhook('poor', '--event', 'certificate.issued', '--event', 'credential.revoked');

my $before = one('stats');


# nginx, and who issues over HTTP

my $nginx = LiveNginx->start(workers => 2, main => 'thread_pool credverify threads=2;', server => "
    credverify_store $store;
    credverify_issuers i;
    credverify_key scs;
    keepalive_requests 1000000;

    location /c { credverify_issuance; }

    location ~ ^/p/(?<user>.*)/(?<category>[^/]*)\\z {
        credverify_view securecodinghub progress-update;
        credverify_scope progress:write;
        credverify_progress_update holder=\$user category=\$category;
    }
");

my $key = 'X-API-Key: ' . CredverifyKeys::key('write');
my @clients = map {
    LiveIssuer->start(name => "client$_", port => $nginx->{port}, headers => [$key], seed => $SEED + $_,
                      class => 'web', course => 'course', holders => $HOLDERS)
} 1 .. $CLIENTS;


# Commands: id => whether it said that it was done

my (%made, %taken, %imported);
my $names = 0;
my $killing = Killing->new(at_once => 2);

sub command {
    my ($id, @arguments) = @_;
    my $job = start('--store', $store, @arguments, '--json');
    @$job{qw(id said)} = ($id, "@arguments");
    return $job;
}

# "is" has what may be looked for at the end; what a killed one did is decided then

sub ended {
    my ($is) = @_;

    return sub {
        my ($job, $r) = @_;
        wrong("$job->{said}: $r->{err}") if $r->{signal} == 0 && $r->{status} != 0;
        $is->{ $job->{id} } = $r->{signal} == 0 ? 1 : 0;
    };
}

$killing->deed('create', begin => sub {
    my $id = 'c-' . ++$names;
    return command($id, 'credential', 'create', '--id', $id, '--class', 'web', '--holder', 'h',
                   '--status', 'issued');
}, ended => ended(\%made));

$killing->deed('revoke', begin => sub {
    my @ids = grep { $made{$_} && !exists $taken{$_} } sort keys %made or return;
    my $id = $ids[rand @ids];
    $taken{$id} = 0;
    return command($id, 'credential', 'revoke', $id);
}, ended => ended(\%taken));

$killing->deed('import', begin => sub {
    return if rand 2 < 1;
    my $name = 'i-' . ++$names;
    my $file = write_file(join '', map {
        qq({"kind":"credential","id":"$name-$_","class":"other","holder":"h","status":"issued",)
        . qq("number":"$name-$_"}\n)
    } 1 .. $LINES);
    return command($name, 'import', '--emit-events', $file);
}, ended => ended(\%imported));


# Who delivers: started again when it was killed

my $deliver;
my @said;

sub begin_deliver {
    $deliver = start('--store', $store, 'deliver');
    return;
}

sub end_deliver {
    my ($signal) = @_;
    my $r = finish($deliver);
    unlink @$deliver{qw(out err)};
    undef $deliver;
    wrong("deliver: $r->{status} $r->{signal} $r->{err}") if $r->{signal} != $signal || $r->{status};
    push @said, split /\n/, $r->{err};
    return;
}

END {
    my $status = $?;
    kill 'KILL', $deliver->{pid} if $deliver;
    $? = $status;
}

begin_deliver();

$killing->victim('deliver', pids => sub { $deliver->{pid} }, killed => sub {
    end_deliver(9);
    begin_deliver();
});

my $workers = 0;
$killing->victim('worker', pids => sub { $nginx->workers }, killed => sub { $workers++ });

my $began = time;
$killing->rounds(max(0, $KILLS - $killing->kills($_)), $_) for qw(worker deliver command);
my $takes = time - $began;
cmp_ok($killing->kills($_), '>=', $KILLS, "killed, $_: " . $killing->kills($_))
    for qw(worker deliver command);

my @answers = map { $_->stop } @clients;
note(sprintf '%d requests in %.0f s', scalar @answers, $takes);


# What was answered

wrong($_->{wrong}) for grep { $_->{wrong} } @answers;
@answers = grep { !$_->{wrong} } @answers;

cmp_ok(scalar(@answers), '>', 10 * $KILLS, 'requests: ' . @answers);
cmp_ok(scalar(grep { $_->{again} } @answers), '>', 0,
       'sent again: ' . grep { $_->{again} } @answers);

# of each credential: its last answer, and what its trail is to say

my (%is, %trail, %of_key, %certified);

for my $answer (@answers) {
    next if $answer->{status} == 409;
    my $body = decode_json($answer->{body});

    if ($answer->{method} eq 'PUT') {
        my ($holder) = $answer->{path} =~ m{^/p/([^/]+)/};
        $certified{$holder} = $body->{certificateNumber} if $body->{issued};
        next;
    }

    my ($step) = $answer->{path} =~ m{^/c/.+/(\w+)\z};
    $is{ $body->{id} } = $body;
    $of_key{ $answer->{key} } = $body->{id} if $answer->{status} == 201;
    push @{ $trail{ $body->{id} } }, $step ? $step eq 'send' ? 'sent' : $body->{status}
        : $body->{status} eq 'draft' ? 'created' : ('created', 'sent');
}


# Asked again, all is as it was: nothing is done, and nothing is said otherwise

my $quiet = one('stats');
my $other = 0;

for my $answer (head $SAMPLE, shuffle @answers) {
    my ($status, $body) = $nginx->get($answer->{path}, method => $answer->{method},
        body => $answer->{request},
        headers => [$key, "Idempotency-Key: $answer->{key}", 'Content-Type: application/json']);
    $other++ if $status != $answer->{status} || $body ne $answer->{body};
}

is($other, 0, 'what is asked again is answered as it was');
is(one('stats')->{audited}, $quiet->{audited}, 'and not done again');
is($nginx->stop, 0, 'nginx ends well');
is(join('', grep { /\[(?:error|crit|emerg)\]/ } split /^/, $nginx->errors), '',
   'and had nothing to say');


# What is delivered in the end

sub waiting { return map { $_->{waiting} } all('webhook', 'list') }

my $until = time + 60 + $KILLS;
sleep 0.5 while max(waiting()) > 0 && time < $until;
is_deeply([waiting()], [0, 0], 'nothing waits');
note(sprintf 'after %.0f s', time - $began);

kill 'TERM', $deliver->{pid};
end_deliver(0);

# what it was refused is said, if it was not killed before that

my $unsent = qr/\Acredverify: deliver: mail: \d+ waiting; none is sent without --smtp\n?\z/;
@said = grep { !/$unsent/ } @said;
my $refused = () = read_file($refused{log}) =~ /\n/g;
is_deeply([grep { !/answered 500; attempt 1\b/ } @said], [], 'whoever delivers had nothing else to say');
cmp_ok($refused, '>', 0, "refused: $refused");
cmp_ok(scalar(@said), '<=', $refused, 'and that: ' . @said);

my $after = one('stats');


# All events of the store, told to another webhook

$hook{late} = LiveHook->start;
add_webhook('late');
done_ok(cv('webhook', 'replay', 'late', '--since', '2020-01-01'), 'replay');
like(cv('deliver', '--once')->{err}, $unsent, 'of all events');

my @events = map { { %{ decode_json($_->{body}) }, id => $_->{'webhook-id'}, body => $_->{body} } }
             $hook{late}->requests;

for my $id (sort keys %hook) {
    my (%body, %last, @first);
    my ($bad, $n) = (0, 0);
    my @requests = $hook{$id}->requests;

    for my $request (@requests) {
        my $event = $request->{'webhook-id'};
        push @first, $event unless exists $body{$event};
        $last{$event} = ++$n;
        $bad++ if ($body{$event} //= $request->{body}) ne $request->{body}
               || !LiveHook::signed($request, $secret{$id});
    }

    my @wanted = grep { $id ne 'poor' || $_->{type} =~ /^c\w+\.(?:issued|revoked)\z/ } @events;

    is($bad, 0, "$id: one that comes again is the same, and each is signed");
    is_deeply(\@first, [map { $_->{id} } @wanted], 'all came, in order');

    # what was refused comes before what is after it, and so does what is repeated

    is_deeply([sort { $last{$a} <=> $last{$b} } @first], \@first, 'and for the last time as well');
    is_deeply([grep { $body{ $_->{id} } ne $_->{body} } @wanted], [], 'as they are in the store');
    note("$id: " . @requests . ' requests for ' . @first . ' events');
}


# The store, when it is quiet

done_ok(cv('check'), 'check');

my (%credential, %of, %last, %practice, %holder);

for (json_lines(cv('export')->{out})) {
    if ($_->{kind} eq 'credential') {
        $credential{ $_->{id} } = $_;
        push @{ $of{ $_->{class} } }, $_;
    }
    $last{ $_->{class} } = $_->{last} if $_->{kind} eq 'sequence';
    $practice{ $_->{holder} } = $_->{practice} if $_->{kind} eq 'progress';
    $holder{ $_->{id} } = $_ if $_->{kind} eq 'holder';
}

# by API: one for each key, as it was answered last

my @members = qw(id status number public_id revocation_reason narrative created_at updated_at);

is_deeply({ map { $_->{narrative} => $_->{id} } grep { $_->{narrative} } values %credential },
          \%of_key, 'one credential for each key: ' . keys %of_key);
is(scalar(grep { $_->{narrative} } values %credential), scalar(keys %of_key), 'and no other');
is_deeply({ map { my $is = $credential{$_}; $_ => [@$is{@members}] } keys %is },
          { map { my $is = $is{$_}; $_ => [@$is{@members}] } keys %is }, 'as it was answered last');
is_deeply([grep { !$holder{ $_->{holder} } || ($_->{narrative} && $_->{holder} eq 'h') } values %credential],
          [], 'each has its holder');

# by command: what was done stays, and what was killed is there whole or not at all

is_deeply([grep { $made{$_} && !$credential{$_} } keys %made], [], 'what commands made is there');
is_deeply([grep { my $is = $credential{$_}; $is && $is->{status} ne ($taken{$_} ? 'revoked' : 'issued')
                  && !($is->{status} eq 'revoked' && exists $taken{$_}) } keys %made],
          [], 'and what they revoked is revoked');

my %there;
$there{s/-\d+\z//r}++ for map { $_->{id} } @{ $of{other} };
is_deeply([grep { $_ != $LINES } values %there], [], 'a batch is there or not');
is_deeply([grep { $imported{$_} && !$there{$_} } keys %imported], [], 'that which was answered is');

my %killed = (done => 0, undone => 0);
$killed{ $_ ? 'done' : 'undone' }++ for
    (map { exists $credential{$_} } grep { !$made{$_} } keys %made),
    (map { ($credential{$_}{status} // '') eq 'revoked' } grep { !$taken{$_} } keys %taken),
    (map { exists $there{$_} } grep { !$imported{$_} } keys %imported);
note("commands that were killed: $killed{done} had done it, $killed{undone} had not");

# progress: issued once, as answered

is_deeply({ map { $_->{holder} => $_->{number} } @{ $of{course} } }, \%certified,
          'who completed the course has a certificate, as answered: ' . keys %certified);
is(scalar(@{ $of{course} || [] }), scalar(keys %certified), 'and one');
is_deeply([grep { $practice{$_} != 2 } keys %certified], [], 'and the progress');

# numbers: each once, and none left out

for my $class (qw(web course)) {
    my @numbers = sort { $a <=> $b }
                  map { $_->{number} =~ /-(\d+)\z/ } grep { $_->{number} } @{ $of{$class} };
    is_deeply(\@numbers, [1 .. @numbers], "the numbers of $class: " . @numbers);
    is($last{$class}, scalar @numbers, 'and its sequence');
}

is_deeply([map { $_->{id} } grep { $_->{status} ne 'draft' && $_->{status} ne 'pending' && !$_->{number}
                  && $_->{status} !~ /^re/ } values %credential], [], 'nothing is issued without one');


# Events: of each credential those that its trail makes, in order, and no other

sub told {
    my (@trail) = @_;
    return map {
        $_ eq 'created' || $_ eq 'sent' ? () : $_ eq 'issued' ? 'certificate.issued'
            : $_ eq 'revoked' ? 'credential.revoked' : "credential.updated $_"
    } @trail;
}

for my $is (values %credential) {
    my $id = $is->{id};
    $trail{$id} ||= $is->{class} eq 'other' ? ['imported']
        : ['created', $is->{status} eq 'revoked' ? 'revoked' : ()];
}

my %by_number = map { $_->{number} => $_->{id} } grep { $_->{number} } values %credential;
my (%told, %expected);

for my $event (@events) {
    my $data = $event->{data};
    my $id = $data->{credentialId} // $by_number{ $data->{certificateNumber} // '' } // 'nobody';
    push @{ $told{$id} }, $event->{type} eq 'credential.updated'
        ? "$event->{type} $data->{status}" : $event->{type};
}

for my $id (keys %credential) {
    my @trail = @{ $trail{$id} };

    # one that is made whole is issued with it

    my $at_once = $trail[0] eq 'imported' || !$is{$id}
        || ($trail[1] // '') eq 'sent';
    my @told = ($at_once ? 'certificate.issued' : (), told(@trail[1 .. $#trail]));
    $expected{$id} = \@told if @told;
}

is_deeply(\%told, \%expected, 'events of each credential: ' . @events);

# and mail that waits: nobody sends any here

my $mail = grep { $_ eq 'sent' } map { @$_ } values %trail;
is($after->{delivery}, $mail, "mail that waits: $mail");
is($after->{event}, @events + $mail, 'and there are no other events');
is($after->{answer}, scalar(@answers), 'an answer is kept of each key');

my @odd;

for my $id (head $SAMPLE, shuffle sort keys %credential) {
    my @actions = map { $_->{action} } all('credential', 'history', $id);
    push @odd, "$id: @actions, not @{ $trail{$id} }" if "@actions" ne "@{ $trail{$id} }";
}

is_deeply(\@odd, [], 'the trail says so, too');
is_deeply(\@wrong, [], 'nothing was wrong on the way');

cmp_ok($killed{undone}, '>', 0, 'some commands were killed before they had done it');

done_testing();
