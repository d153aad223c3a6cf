# A store that changes, goes and comes back under live workers.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep time);
use Credverify;
use LiveNginx;
use OldStore;

my $root = $> == 0;
my $good = '/v?token=' . Credverify::token('valid');

sub serve {
    my $store = shift;
    return LiveNginx->start(server => "credverify_store $store;
        location = /v { credverify_format \$arg_format json html; credverify_verify token=\$arg_token; }
        location = /c { credverify_verify code=\$arg_code; }
        location = /health { credverify_health; }");
}

subtest 'a change is seen by the next request' => sub {
    my $store = Credverify::store();
    my $nginx = serve($store);

    like(($nginx->get($good))[1], qr/"reason":"valid"/, 'valid');

    for (1 .. 20) {
        ok(Credverify::run($store, undef, qw(credential revoke valid)), 'revoke');
        like(($nginx->get($good))[1], qr/"reason":"revoked"/, 'revoked at once');
        ok(Credverify::run($store, join("\n", Credverify::lines(), ''),
                           'import', '-'), 'import the old state');
        like(($nginx->get($good))[1], qr/"reason":"valid"/, 'valid at once');
    }

    is($nginx->stop, 0, 'nginx ends well');
    unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');
};

subtest 'so is every step of a credential' => sub {
    my $store = Credverify::store();
    my $nginx = serve($store);

    for (['valid', [issued => 'valid'], [claim => 'valid', 'claimed'],
          [use => 'valid', 'used'], [revoke => 'revoked', 'revoked']],
         ['pending', [pending => 'pending'], [issue => 'valid', 'issued'],
          [refund => 'refunded', 'refunded'], [revoke => 'revoked', 'revoked']])
    {
        my ($id, $first, @steps) = @$_;
        my $path = '/v?token=' . Credverify::token($id);

        like(($nginx->get($path))[1], qr/"reason":"$first->[1]".*"status":"$first->[0]"/,
             "$first->[0] is $first->[1]");

        for (@steps) {
            my ($verb, $reason, $status) = @$_;
            ok(Credverify::run($store, undef, 'credential', $verb, $id), $verb);

            my (undef, $body) = $nginx->get($path);
            like($body, qr/"reason":"$reason".*"status":"$status"/, "$status is $reason at once");
            unlike($body, qr/revo\w+_(?:at|reason)/, 'no more is said');
        }
    }

    is($nginx->stop, 0, 'nginx ends well');
    unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');
};

subtest 'so is an erasure' => sub {
    my $store = Credverify::store();
    my $nginx = serve($store);
    my $page = "$good&format=html";
    my $personal = qr/Jane|Acme Corp|WALLET1|87\.5/;

    for ($good, $page) {
        my ($status, $body) = $nginx->get($_);
        is($status, 200, 'there');
        like($body, $personal, 'with a name');
    }

    ok(Credverify::run($store, undef, qw(holder erase h1 --yes)), 'erase');

    my ($status, $body) = $nginx->get($good);
    is($status, 200, 'there still');
    like($body, qr/"valid":true,"reason":"valid".*"number":"N\/valid 1"/, 'and valid');
    unlike($body, $personal, 'without a name');

    ($status, $body) = $nginx->get($page);
    is($status, 200, 'so is the page');
    like($body, qr{<h1[^>]*>Valid\b}, 'which says so');
    like($body, qr/Web Security/, 'and of what');
    unlike($body, $personal, 'not whose');

    for (qw(revoked refunded expired pending)) {
        like(($nginx->get('/v?token=' . Credverify::token($_)))[1], qr/"reason":"$_"/, "$_ stays $_");
    }

    is($nginx->stop, 0, 'nginx ends well');
    unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');
};

subtest 'workers serve while an import runs' => sub {
    my $store = Credverify::store();
    my $nginx = serve($store);
    my $file = Credverify::folder() . '/lines';

    open my $lines, '>', $file or die $!;
    for my $n (1 .. 60_000) {
        printf $lines '{"kind":"credential","id":"c%d","class":"web","holder":"h1","status":"issued"}' . "\n"
            . '{"kind":"token","token":"%064x","credential":"c%d"}' . "\n", $n, $n * 7919, $n;
    }
    close $lines or die $!;

    my $pid = fork;
    if ($pid == 0) {
        exec $Credverify::tool, '--store', $store, 'import', $file or exit 1;
    }

    my ($served, $during, $bad) = (0, 0, 0);
    until (waitpid($pid, 1) == $pid) {
        my ($status, $body) = $nginx->get($good);
        $bad++ unless $status == 200 && $body =~ /"reason":"valid"/;
        $served++;
        $during++ if $nginx->status(sprintf '/v?token=%064x', 7919 * ($served % 5000 + 1)) == 200;
    }

    is($?, 0, 'the import is done');
    cmp_ok($served, '>', 20, "served $served requests meanwhile");
    cmp_ok($during, '>', 0, "$during of them saw what had just come");
    is($bad, 0, 'all of them right');
    is($nginx->status(sprintf '/v?token=%064x', 60_000 * 7919), 200, 'the last credential is there');
    ok(Credverify::run($store, undef, 'check'), 'check finds nothing');
};

subtest 'a store that is made later' => sub {
    my $folder = Credverify::folder();
    my $store = "$folder/store";
    my $nginx = serve($store);

    is($nginx->status($good), 503, 'unavailable');
    is($nginx->status('/health'), 503, 'and says so');
    is($nginx->status($good), 503, 'again') for 1 .. 20;
    sleep 2.2;

    my @said = $nginx->errors =~ /^.*answering 503.*$/mg;
    is(scalar @said, 2, 'each of two workers said so once');

    ok(Credverify::run($store, undef, 'init', '--map-size', '16M'), 'init');
    ok(Credverify::run($store, join("\n", Credverify::lines(), ''), 'import', '-'), 'import');

    is($nginx->becomes($good, 200), 200, 'served by itself');
    is($nginx->stop, 0, 'nginx ends well');
    like($nginx->errors, qr/is served again/, 'and says so');
};

subtest 'a store whose owner locks the workers out' => sub {
    plan skip_all => 'only root can lock out' unless $root;

    my $folder = Credverify::folder();
    my $store = "$folder/store";

    ok(Credverify::run($store, undef, 'init', '--owner', 'root', '--map-size', '16M'), 'init');
    ok(Credverify::run($store, join("\n", Credverify::lines(), ''), 'import', '-'), 'import');

    my $nginx = serve($store);

    is($nginx->status($good), 503, 'unavailable');
    like(($nginx->get('/health'))[1], qr/"not_accessible"/, 'and says why');
    like($nginx->errors, qr/Permission denied/, 'as does the log');

    system('chown', '-R', 'www-data:www-data', $store);

    is($nginx->becomes($good, 200), 200, 'served by itself');
};

subtest 'a store of an older format' => sub {
    my $store = old_store(1, Credverify::folder() . '/store');
    system('chown', '-R', 'www-data:www-data', $store) if $root;

    my $nginx = serve($store);
    my $good = '/c?code=LBxJ5RuX';

    is($nginx->status($good), 503, 'unavailable');
    like(($nginx->get('/health'))[1], qr/"other_version"/, 'and says why');
    like($nginx->errors, qr/format is 1, not \d+; run "credverify upgrade"/,
         'and what to do');

    ok(Credverify::run($store, undef, 'upgrade'), 'upgrade');

    is($nginx->becomes($good, 200), 200, 'served by itself');
    is($nginx->status('/health'), 200, 'and well');
};

subtest 'a store that is replaced' => sub {
    my $store = Credverify::store();
    my $other = Credverify::store(grep { !/"id":"valid"|"credential":"valid"/ } Credverify::lines());
    my $nginx = serve($store);

    is($nginx->status($good), 200, 'there');

    rename $store, "$store.old" or die $!;
    is($nginx->becomes($good, 503), 503, 'gone with the directory');

    rename $other, $store or die $!;
    is($nginx->becomes($good, 404), 404, 'the other store is served');

    rename $store, $other or die $!;
    rename "$store.old", $store or die $!;
    is($nginx->becomes($good, 200), 200, 'the old one again');
};

subtest 'a lock file that is removed' => sub {
    my $store = Credverify::store();
    my $nginx = serve($store);

    is($nginx->status($good), 200, 'there');
    unlink "$store/lock.mdb" or die $!;

    # the next writer makes another one, which workers must come to use

    ok(Credverify::run($store, undef, qw(credential revoke valid)), 'revoke');
    sleep 2.2;
    like(($nginx->get($good))[1], qr/"reason":"revoked"/, 'revoked') for 1 .. 10;
    ok(Credverify::run($store, join("\n", Credverify::lines(), ''), 'import', '-'), 'import');
    like(($nginx->get($good))[1], qr/"reason":"valid"/, 'valid at once') for 1 .. 10;
    unlike($nginx->errors, qr/\[(alert|crit|emerg)\]/, 'nobody died');
};

subtest 'a file that is cut short under the workers' => sub {
    my $store = Credverify::store();
    my $nginx = serve($store);

    is($nginx->status($good), 200, 'there');
    sleep 0.05 while $nginx->workers < 2;
    my @workers = sort $nginx->workers;

    open my $whole, '<', "$store/data.mdb" or die $!;
    local $/;
    my $all = <$whole>;

    for my $size (8192, 0, 100, 4096) {
        truncate "$store/data.mdb", $size or die $!;
        is($nginx->status($good), 503, "unavailable at $size bytes") for 1 .. 10;
        sleep 1.5;
        is($nginx->status($good), 503, 'and then');

        open my $again, '+<', "$store/data.mdb" or die $!;
        print $again $all;
        close $again or die $!;

        is($nginx->becomes($good, 200), 200, 'whole again, served again');
    }

    is_deeply([sort $nginx->workers], \@workers, 'by the same workers');
    unlike($nginx->errors, qr/\[(alert|crit|emerg)\]/, 'nobody died');
};

done_testing;
