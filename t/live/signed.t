# Badges signed under load: each once, whoever waits; there is an end to how many
# wait; clients and workers may go away meanwhile. Keys take turns, and what the
# old one has signed stays good. Long lists of what is revoked stop nobody.

use strict;
use warnings;

use lib 't/lib';
use IO::Select;
use Test::More;
use Time::HiRes qw(sleep time);
use BadgeKeys;
use Credverify;
use JSON::PP;
use POSIX ();
use LiveNginx;

my $VALID = 900;
my $REVOKED = 6000;
my $base = 'https://b.example';

my $class = '"issuer":"acme","title":"T","description":"d","image":"https://acme.example/i.png","criteria":{"narrative":"x"}';

sub credential {
    my ($id, $status, $class) = @_;
    return (qq({"kind":"credential","id":"$id","class":"$class","holder":"h1","status":"$status","issued_at":"2026-01-05"}),
            qq({"kind":"assertion","credential":"$id","id":"$id","salt":"s"}));
}

sub store {
    my (@ids) = @_;
    return Credverify::store(Credverify::lines(), (map { qq({"kind":"class","id":"$_",$class}) } 'aid', 'gone'),
                             (map { credential("v$_", 'issued', 'aid') } 1 .. $VALID),
                             (map { credential($_, 'revoked', 'gone') } @ids));
}

my @revoked = map { "r$_" } 1 .. $REVOKED;
my $store = store(@revoked);
my %key = map { $_ => BadgeKeys::key($_) } qw(one two);

# a long one, so that signing takes its time

sub long_key {
    my $dir = Credverify::folder();
    return decode_json(scalar `'$Credverify::tool' openbadges keygen --json --bits 4096 '$dir/long.pem'`);
}

$key{long} = long_key();

sub location {
    my ($keys, $in) = @_;
    $in ||= $store;
    return "credverify_store $in; credverify_issuers acme;
        location /b/ { credverify_openbadges $base; credverify_openbadges_key $keys; }";
}

sub nginx {
    my (%is) = @_;

    return LiveNginx->start(
        workers => $is{workers} || 1, level => $is{level} || 'notice',
        main => "thread_pool credverify threads=@{[ $is{threads} || 2 ]};",
        server => location($is{keys} || $key{one}{private}, $is{store}));
}

sub jws { return "/b/key/$key{$_[1] || 'one'}{id}/assertion/$_[0].jws" }
sub list { return "/b/key/$key{$_[0] || 'one'}{id}/revocations.json" }

# Sends all the requests, each on a connection of its own.

sub ask {
    my ($nginx, @paths) = @_;

    return map {
        my $socket = $nginx->connect or die "connect: $!";
        print $socket "GET $_ HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
        $socket;
    } @paths;
}

# then reads the answers: [status, body, head] of each

sub answers {
    return map {
        my $answer = '';

        while (IO::Select->new($_)->can_read(60)) {
            sysread($_, $answer, 1 << 20, length $answer) or last;
        }

        my ($head, $body) = split /\r\n\r\n/, $answer, 2;
        my ($status) = ($head // '') =~ m{^HTTP/1\.1 (\d+)};
        [$status || 0, $body // '', $head // ''];
    } @_;
}

sub complaints {
    my ($nginx) = @_;
    return join '', grep { /\[(?:warn|error|crit|alert|emerg)\]/ }
                    split /^/m, $nginx->errors . $nginx->slurp("$nginx->{prefix}/stderr");
}

sub public { return LiveNginx->slurp($key{$_[0]}{public}) }

sub tool {
    my (@command) = @_;
    return `$Credverify::tool --store $store @command 2>&1`;
}

sub import_lines {
    open my $tool, '|-', "$Credverify::tool --store $store import - >/dev/null 2>&1" or die "import: $!";
    print $tool map { "$_\n" } @_;
    close $tool or die "import: $?";
}

# the ids that the list has, without what they begin with

sub listed {
    my ($body, $name) = @_;
    my ($list) = $body =~ /"revokedAssertions":\[(.*)\]\}\z/ or return 'no list';
    my ($site, %seen) = ("$base/key/$key{$name || 'one'}{id}");

    for (split /,/, $list) {
        s/\A"(.*)"\z/$1/ or return "not a text: $_";
        $seen{$1}{jws}++, next if m{^\Q$site\E/assertion/(\w+)\.jws$};
        $seen{$1}{json}++, next if m{^\Q$base\E/assertion/(\w+)\.json$};
        return "not an id: $_";
    }

    for (sort keys %seen) {
        return "$_: not once by each id" if ($seen{$_}{jws} // 0) != 1 || ($seen{$_}{json} // 0) != 1;
    }

    return join ' ', sort grep { /^[nr]\d+$/ } keys %seen;
}

my $all = join ' ', sort @revoked;


# Each is signed once

SKIP: {
    skip 'nginx without debugging', 8
        unless `$ENV{TEST_NGINX_BINARY} -V 2>&1` =~ /--with-debug/;

    my $nginx = nginx(level => 'debug', keys => "$key{long}{private} $key{one}{private}");
    my $tasks = sub { scalar(() = $nginx->errors =~ /task #\d+ added to thread pool "credverify"/g) };
    my @answers = answers(ask($nginx, (jws('v1', 'long')) x 30, (jws('v2', 'long')) x 10));

    is(scalar(grep { $_->[0] == 200 } @answers), 40, 'forty ask at once');
    is(scalar(keys %{{ map { $_->[1] => 1 } @answers }}), 2, 'for two badges');
    is($tasks->(), 2, 'each is signed once');
    is($nginx->status(jws('v1', 'long')), 200, 'it is there later');
    is($tasks->(), 2, 'and not signed again');
    my ($status, $body) = $nginx->get(jws('v1'));
    ok(BadgeKeys::verifies($body, public('one')), 'by another key it is another');
    is($tasks->(), 3, 'which is signed, too');
    is($nginx->stop, 0, 'nginx ends well');
}


# Too many

{
    my $nginx = nginx(threads => 1, keys => $key{long}{private});
    my @answers = answers(ask($nginx, map { jws("v$_", 'long') } 1 .. $VALID));
    my %by = (200 => [], 503 => []);
    push @{$by{$_->[0]}}, $_ for @answers;

    is(@{$by{200}} + @{$by{503}}, $VALID, 'so many badges: done or refused');
    cmp_ok(scalar @{$by{200}}, '>=', 512, 'so many are signed');
    cmp_ok(scalar @{$by{503}}, '>=', 1, 'not all of them');
    is(scalar(grep { !BadgeKeys::parts($_->[1]) } @{$by{200}}), 0, 'those are signatures');
    is(scalar(grep { $_->[2] !~ /^Retry-After: 1\r?$/m || $_->[2] !~ /^Cache-Control: no-store\r?$/m
                         || $_->[1] !~ /"status":503/ } @{$by{503}}), 0,
       'the others are told when to come back');
    is($nginx->status(jws("v$VALID", 'long')), 200, 'and get it then');
    like($nginx->errors, qr/\[warn\].*512 badges are being signed, and ".*openbadges\/assertion" is not/, 'the log tells');
    is($nginx->stop, 0, 'nginx ends well');
}


# Clients that do not wait, and workers that are to end

{
    my $nginx = nginx(threads => 1, keys => $key{long}{private});

    for my $round (1 .. 3) {
        my @sockets = ask($nginx, map { jws('v' . (100 * $round + $_), 'long') } 1 .. 60);
        sleep 0.05 if $round == 2;
        close $_ for @sockets;
        is($nginx->status(jws("v$round", 'long')), 200, 'sixty clients went away');
    }

    is($nginx->stop, 0, 'nginx ends well');
    is(complaints($nginx), '', 'and said nothing');
}

for my $signal (qw(QUIT TERM HUP)) {
    my $nginx = nginx(threads => 1, workers => 2, keys => $key{long}{private});
    my @sockets = (ask($nginx, (map { jws("v$_", 'long') } 1 .. 60), (list('long')) x 3));
    sleep 0.05;
    $nginx->signal($signal);

    if ($signal ne 'TERM') {
        my @answers = answers(@sockets);
        is(scalar(grep { $_->[0] == 200 } @answers), 63, "$signal: all that was asked for before is answered");
        is(listed($answers[-1][1], 'long'), $all, 'whole');
    }

    is($nginx->stop, 0, "$signal: nginx ends well");
    is(complaints($nginx), '', 'and said nothing');
}


# A key takes another's place

{
    my $nginx = nginx(keys => $key{one}{private});
    my ($status, $before) = $nginx->get(jws('v1'));
    my $payload = BadgeKeys::parts($before)->{payload};
    my $page = sub { (my $path = shift) =~ s{^\Q$base\E}{/b}; return ($nginx->get($path))[1] };
    my $document = sub { return decode_json($page->(shift)) };

    for my $keys ([$key{one}{private}], ["$key{two}{private} $key{one}{public}"],
                  ["$key{two}{private} $key{one}{private}"])
    {
        my $conf = $nginx->slurp($nginx->{conf});
        my @workers = $nginx->workers;
        $conf =~ s/credverify_openbadges_key [^;]+;/credverify_openbadges_key @$keys;/;
        open my $file, '>', $nginx->{conf} or die "$nginx->{conf}: $!";
        print $file $conf;
        close $file or die "$nginx->{conf}: $!";
        $nginx->signal('HUP');
        my %before = map { $_ => 1 } @workers;
        for (1 .. 200) { last unless grep { $before{$_} } $nginx->workers; sleep 0.05 }

        # what a validator does that was given the badge from before

        my $is = @$keys[0] =~ /^\S+$/ ? 'alone' : @$keys[0] =~ /pub/ ? 'public behind another' : 'behind another';
        my $key = $document->($payload->{verification}{creator});
        my $issuer = $document->($document->($payload->{badge})->{issuer});
        ok(BadgeKeys::verifies($before, $key->{publicKeyPem}), "$is: what it signed is good");
        is($key->{owner}, $issuer->{id}, 'its owner');
        is($issuer->{publicKey}, $key->{id}, 'has that key, and no other');
        is(listed($page->($issuer->{revocationList})), $all, 'and its list');
        is($nginx->status(jws('v1')), $is =~ /public/ ? 404 : 200, 'it signs, or does not');
        next if $is eq 'alone';

        my $after = ($nginx->get(jws('v1', 'two')))[1];
        ok(BadgeKeys::verifies($after, public('two')), 'the other one signs');
        is($document->(BadgeKeys::parts($after)->{payload}{verification}{creator})->{publicKeyPem}, public('two'),
           'as its document says');
    }

    is($nginx->stop, 0, 'nginx ends well');
    is(complaints($nginx), '', 'and said nothing');
}


# Long lists

{
    my $nginx = nginx();
    my @sockets = ask($nginx, list());
    my ($quick) = ask($nginx, "/b/issuer.json");
    my ($first) = IO::Select->new(@sockets, $quick)->can_read(60);
    is($first, $quick, 'others are answered while a list is made');
    is(listed((answers(@sockets))[0][1]), $all, 'which is whole');

    my @answers = answers(ask($nginx, (list()) x 20));
    is(scalar(keys %{{ map { $_->[1] => 1 } @answers }}), 1, 'to everybody the same');
    my ($tag) = $answers[0][2] =~ /^ETag: ("[0-9a-f]{16}")\r$/m;
    is(($nginx->get(list(), headers => ["If-None-Match: $tag"]))[0], 304, 'and later, too');

    # What is revoked is in the next one, also while one is being made: somebody
    # else writes all the time, so that there always is.

    my $writer = fork // die "fork: $!";

    if ($writer == 0) {
        tool('credential', 'claim', "v$_") for 1 .. $VALID;
        POSIX::_exit(0);
    }

    for my $n (1 .. 8) {
        my @waiting;
        my $pid = fork // die "fork: $!";

        if ($pid == 0) {
            import_lines(credential("n$n", 'revoked', $n % 3 ? 'gone' : 'aid'));
            POSIX::_exit(0);
        }

        until ($nginx->status("/b/assertion/n$n.json") == 410) {
            push @waiting, ask($nginx, list());
            sleep 0.002;
        }

        my ($status, $body, $head) = $nginx->get(list());
        $all = join ' ', sort split(' ', $all), "n$n";
        is(listed($body), $all, 'what was revoked is in it');
        unlike($head, qr/\Q$tag\E/, 'with another tag');
        ($tag) = $head =~ /^ETag: ("[0-9a-f]{16}")\r$/m;
        is(scalar(grep { $_->[0] != 200 } answers(@waiting)), 0, 'nobody waits in vain');
        waitpid $pid, 0;
    }

    kill 'KILL', $writer;
    waitpid $writer, 0;

    tool('credential', 'use', 'v1');
    is(listed(($nginx->get(list()))[1]), $all, 'what is not revoked is not');

    # clients that do not wait

    close $_ for ask($nginx, (list()) x 10);
    import_lines(credential('r1', 'issued', 'gone'));
    close $_ for ask($nginx, (list()) x 10);
    sleep 0.01;
    $all =~ s/\br1 //;
    is(listed(($nginx->get(list()))[1]), $all, 'what is issued again is no more, either');
    is($nginx->stop, 0, 'nginx ends well');
    is(complaints($nginx), '', 'and said nothing');
}


# A store that takes another's place, while a list is kept, and while one is made:
# a short one of as many commits, a long one

for my $length (2, 3000) {
    my @ids = map { my $n = $_; [map { 'r' . ($n * 10000 + $_) } 1 .. $length] } 1 .. 2;
    my @lists = map { join ' ', sort @$_ } @ids;
    my @stores = map { $length > 2 ? store(@$_) : Credverify::store(
        Credverify::lines(), qq({"kind":"class","id":"gone",$class}), map { credential($_, 'revoked', 'gone') } @$_) } @ids;
    my $place = Credverify::folder() . '/place';
    system("cp -a $stores[0] $place") == 0 or die 'cp';
    my $nginx = nginx(store => $place);
    is(listed(($nginx->get(list()))[1]), $lists[0], 'the list of a store');

    for my $n (1, 0, 1) {
        my @waiting = ask($nginx, list());
        rename $place, "$place.old" or die "rename: $!";
        system("cp -a $stores[$n] $place.new && mv $place.new $place && rm -r $place.old") == 0 or die 'cp';
        my @answers = answers(@waiting);
        ok($answers[0][0] == 503 || (grep { listed($answers[0][1]) eq $_ } @lists), 'one store or the other, or none');

        for (1 .. 100) {
            last if listed(($nginx->get(list()))[1]) eq $lists[$n];
            sleep 0.05;
        }

        is(listed(($nginx->get(list()))[1]), $lists[$n], 'then that of the other');
    }

    is($nginx->stop, 0, 'nginx ends well');
}

done_testing();
