# Lists that need more than one request, another protocol, or somebody who
# changes the store meanwhile.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);
use Credverify;
use LiveCommand qw(free_port);
use LiveNginx;

my @codes = map { "C-$_" } qw(valid revoked expired pending refunded claimed draft test other hostile soon nope);

my $store = Credverify::store(Credverify::lines(),
    '{"kind":"holder","id":"pair","name":"Pair","wallet":"PAIR"}',
    '{"kind":"holder","id":"many","name":"Many","wallet":"MANY"}',
    map({ qq({"kind":"credential","id":"pair-$_","class":"web","holder":"pair","status":"issued","code":"P-$_"}) } qw(a b)),
    map { qq({"kind":"credential","id":"m$_","class":"web","holder":"many","status":"issued","code":"M$_"}) } 1 .. 9);

sub import { return Credverify::run($store, join("\n", @_, ''), 'import', '-') }
sub codes { return encode_json({ codes => [@_] }) }

my $h2 = free_port();
my @views = (['native', 'verify'], ['truecert', 'verify'], ['validtrust', 'verify'], ['testedclear', 'badge']);
my $own = Credverify::folder();
my $rest = '"not_found":{"body":1},"error":{"body":1}';

system('cp', '-R', glob("$Credverify::views/*"), $own) == 0 or die 'cp';

for my $view (map { $_->[0] } @views) {
    open my $file, '>', "$own/$view/list.json" or die $!;
    print $file qq({"found":{"body":{"items":"\$list.items","next":"\$list.next"}},$rest});
    close $file or die $!;
}

# one that says of an item no more than whose it is

mkdir "$own/mine" or die $!;

for (['list', qq({"found":{"body":"\$list.items"},$rest})],
     ['item', '{"valid":{"body":"$holder.name"},' . join(',', map { qq("$_":{"body":0}) } qw(revoked token_expired refunded expired pending not_found error)) . '}'])
{
    open my $file, '>', "$own/mine/$_->[0].json" or die $!;
    print $file $_->[1];
    close $file or die $!;
}

my $server = "credverify_store $store; credverify_views $own; credverify_guesses off;"
    . join '', map { my ($view, $document) = @$_; qq(
        location = /one/$view { credverify_view $view $document; credverify_verify code=\$arg_code; credverify_format "" json; }
        location = /list/$view { client_body_buffer_size 1k; credverify_view $view list; credverify_batch code=codes item=$document max=1000; }
        location = /wallet/$view { credverify_view $view list; credverify_wallet wallet=\$arg_w item=$document; }) } @views, ['mine', 'item'];

my $nginx = LiveNginx->start(server => "listen 127.0.0.1:$h2 http2; $server");

sub batch {
    my ($path, @asked) = @_;
    return $nginx->get($path, method => 'POST', body => codes(@asked), headers => ['Content-Type: application/json']);
}

# An item is what the same document says of it alone.

for my $view (map { $_->[0] } @views) {
    my $alone = join ',', map { ($nginx->get("/one/$view?code=$_"))[1] } @codes;
    my ($status, $body) = batch("/list/$view", @codes);

    s/20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:00)(?=","next_change_at|"[,}])/NOW/g for $alone, $body;

    is($status, 200, "$view: a list");
    is($body, qq({"items":[$alone],"next":null}), 'whose items are what is said of each alone');

    my @valid = map { "C-$_" } qw(valid soon other link hostile claimed);
    $alone = join ',', map { ($nginx->get("/one/$view?code=$_"))[1] } grep { !/hostile/ } @valid;
    ($status, $body) = $nginx->get("/wallet/$view?w=WALLET1");

    s/20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:00)(?=","next_change_at|"[,}])/NOW/g for $alone, $body;
    is($body, qq({"items":[$alone],"next":null}), 'in a wallet, too');
}

# What two credentials have in common is the same in all of a list, whoever changes it
# meanwhile, in one transaction for both.

subtest 'one snapshot' => sub {
    my ($mixed, $body, %seen) = 0;
    my @asked = ('P-a', 'P-b') x 500;
    my $writer = fork // die "fork: $!";

    if ($writer == 0) {
        for my $turn (1 .. 100) {
            Credverify::run($store, undef, qw(holder set pair --name), $turn % 2 ? 'Odd' : 'Pair')
                or POSIX::_exit(1);
        }

        POSIX::_exit(0);
    }

    until (waitpid($writer, 1) == $writer) {
        (undef, $body) = batch('/list/mine', @asked);
        $seen{$1}++ if $body =~ /^\["(\w+)"/;
        $mixed++ if $body !~ /^\["(Odd|Pair)"(,"\1"){999}\]$/;

        (undef, $body) = $nginx->get('/wallet/mine?w=PAIR');
        $mixed++ if $body !~ /^\["(Odd|Pair)","\1"\]$/;
    }

    is($?, 0, 'the writer is done');
    is($mixed, 0, 'never a mixture');
    cmp_ok($seen{$_} // 0, '>', 3, 'either state was seen') for qw(Odd Pair);
};

# A cursor leads on whatever comes and goes, in any worker, of any generation.

subtest 'page by page' => sub {
    my (@seen, $body);
    my $cursor = '';

    for my $page (1 .. 10) {
        (undef, $body) = $nginx->get("/wallet/native?w=MANY&limit=2&cursor=$cursor");

        my $list = decode_json($body);
        push @seen, map { $_->{credential}{code} } @{$list->{items}};
        $cursor = $list->{next} // last;

        if ($page == 1) {
            import('{"kind":"credential","id":"m9","class":"web","holder":"many","status":"revoked","code":"M9"}',
                   '{"kind":"credential","id":"m6","class":"web","holder":"many","status":"revoked","code":"M6"}',
                   '{"kind":"credential","id":"m10","class":"web","holder":"many","status":"issued","code":"M10"}') or die;
        } elsif ($page == 2) {
            my @old = $nginx->workers;
            $nginx->signal('HUP');
            for (1 .. 100) { my %now = map { $_ => 1 } $nginx->workers; last unless grep { $now{$_} } @old; sleep 0.05 }
        }
    }

    is("@seen", 'M9 M8 M7 M5 M4 M3 M2 M1', 'each once, none left out');
    is($nginx->status("/wallet/native?w=PAIR&cursor=$cursor"), 400, 'in another wallet it leads nowhere') if $cursor;
};

# The clock is read when everything is there that is asked.

subtest 'a slow client' => sub {
    my $socket = $nginx->connect;
    my $body = codes('C-valid');
    my $answer = '';

    print $socket "POST /list/native HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n\r\n";
    $socket->flush;
    sleep 2.1;
    my $then = int time;
    print $socket $body;
    $socket->flush;
    $answer .= $_ while <$socket>;

    my ($checked) = $answer =~ /"checked_at":"[^"]*:(\d\d)Z"/;
    cmp_ok(($checked // -99) - $then % 60, '>=', 0, 'checked when it was asked') or diag $answer
        unless $then % 60 > 57;
    like($answer, qr/"valid":true/, 'answered');
};

subtest 'clients that go away' => sub {
    for my $part ('', '{"codes":["C-va', '{"codes":["' . 'x' x 9000) {
        my $socket = $nginx->connect;
        print $socket "POST /list/native HTTP/1.1\r\nHost: t\r\nContent-Length: 20000\r\n\r\n$part";
        close $socket;
    }

    is((batch('/list/native', 'C-valid'))[0], 200, 'are no matter');
};

SKIP: {
    my $curl = `curl --version 2>/dev/null`;
    skip 'curl has no HTTP/2', 3 unless $curl =~ /HTTP2/;

    for my $n (1, 12, 90) {
        my $file = "$own/body";
        open my $out, '>', $file or die $!;
        print $out codes('C-valid', ('x' x 200) x $n);
        close $out or die $!;

        my $said = qx(curl -sS --http2-prior-knowledge -H 'Content-Type: application/json' --data-binary \@$file -w '\\n%{http_version} %{http_code}' http://127.0.0.1:$h2/list/native);
        my ($body, $end) = $said =~ /^(.*)\n(\S+ \S+)$/s;
        is($end, '2 200', 'HTTP/2');
        is(scalar(@{decode_json($body)->{items}}), $n + 1, "a list of so many and one: $n");
    }
}

is($nginx->stop, 0, 'nginx ends well');
unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');

done_testing;
