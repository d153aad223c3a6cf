# The file that calls are counted in, when something happens to it under live
# workers and under traffic: 503 and a line in the log, never a worker's death,
# and counting again as soon as it is there again.

use strict;
use warnings;

use lib 't/lib';
use File::Copy qw(copy);
use IO::Socket::INET;
use POSIX qw(strftime);
use Test::More;
use Time::HiRes qw(sleep time);
use Credverify;
use CredverifyCounters;
use LiveLoad;
use LiveNginx;

my $token = Credverify::token('valid');
my $secret = 'scs_live_' . 'k' x 40;
my @keys = ('{"kind":"tier","id":"all","limits":{"month":1000000}}',
            qq({"kind":"key","id":"k","key":"$secret","tier":"all"}));

my $stuck = IO::Socket::INET->new(Listen => 100, LocalAddr => '127.0.0.1') or die "listen: $!";
my $stuck_port = $stuck->sockport;
my $this_month = month_number(strftime('%Y-%m', gmtime));

sub store { return Credverify::store(Credverify::lines(), @keys) }

sub serve {
    my $store = shift;
    return LiveNginx->start(http => "keepalive_requests 1000000; credverify_store $store;",
        server => "location = /v { credverify_key scs; credverify_verify token=\$arg_token; }
            location = /open { credverify_key scs; credverify_keyless all; credverify_verify token=\$arg_token; }
            location = /code { credverify_verify code=\$arg_code token=\$arg_token; }
            location = /stuck { credverify_key scs; proxy_pass http://127.0.0.1:$stuck_port; }
            location = /tier { credverify_key scs; credverify_keyless none; credverify_verify token=\$arg_token; }");
}

sub request {
    my ($path, $key) = @_;
    return "GET $path HTTP/1.1\r\nHost: t\r\n" . ($key ? "X-API-Key: $secret\r\n" : '') . "\r\n";
}

my ($keyed, $open) = (request("/v?token=$token", 1), request("/open?token=$token"));

# Traffic until every answer of the last second is that status; how long it took.

sub until_all {
    my ($nginx, $request, $status, $seconds) = @_;
    my $began = time;

    while (time < $began + $seconds) {
        my $seen = load($nginx->{port}, $request, rate => 2_000, seconds => 0.25, connections => 16);
        return time - $began if ($seen->{$status} // 0) > 50
            && !grep { !/$status|lost/ } keys %$seen;
    }

    return 999;
}

sub complaints {
    my ($nginx, $like) = @_;
    my @found = $nginx->errors =~ /\[error\] .*($like.*)/g;
    return @found;
}

sub overwrite {
    my ($file, $content) = @_;
    open my $out, '>:raw', $file or die "$file: $!";
    print $out $content;
    close $out or die "$file: $!";
}

# what happens to the file, and what is said of it

my $other = store();

my @happens = (
    ['it is removed', qr/No such file/, sub { rename $_[0], "$_[0].away" or die $!; }],
    ["it is another store's", qr/another store/, sub {
        copy("$other/counters", "$_[0].new") or die $!;
        chown((stat $_[0])[4, 5], "$_[0].new");
        chmod 0660, "$_[0].new";
        rename "$_[0].new", $_[0] or die $!;
    }],
    ['it is emptied', qr/truncated/, sub { truncate $_[0], 0 or die $! }],
    ['it is cut short', qr/truncated/, sub { truncate $_[0], 4096 or die $! }],
    ['it is garbled', qr/no counters|another version/, sub { overwrite("$_[0].new", "\xff" x 30_000); chmod 0666, "$_[0].new"; rename "$_[0].new", $_[0] or die $! }],
    ['nobody may read it', qr/Permission denied/, sub {
        copy($_[0], "$_[0].new") or die $!;
        chmod 0, "$_[0].new";
        rename "$_[0].new", $_[0] or die $!;
    }],
);

for (@happens) {
    my ($what, $like, $do) = @$_;

    subtest "counters: $what" => sub {
        plan skip_all => 'root may read all' if $what =~ /nobody may read/ && $> != 0;

        my $store = store();
        my $nginx = serve($store);
        my @workers = sort $nginx->workers;
        my $file = "$store/counters";

        is_deeply(load($nginx->{port}, $keyed, answers => 100), { 200 => 100, lost => 0 }, 'counted');
        system('cp', '-p', $file, "$file.kept") == 0 or die;
        $do->($file);

        cmp_ok(until_all($nginx, $keyed, 503, 5), '<', 2.5, 'within two seconds all is 503');
        cmp_ok(until_all($nginx, request("/code?token=$token"), 200, 2), '<', 2, 'but for what is not counted');

        my ($status, $body, $head) = $nginx->get("/v?token=$token", headers => ["X-API-Key: $secret"]);
        like($head, qr/^Retry-After: 1\r$/m, 'to be tried again');
        like($body, qr/"code":"store_unavailable"/, 'in the words of the view');

        # a worker that no request has come to says it when it looks

        my (%said, %who);

        for (1 .. 60) {
            %said = ();
            $said{$_}++ for $nginx->errors =~ /\[error\] (.*$like.*)/g;
            %who = map { /^(\d+)/ => 1 } keys %said;
            last if keys %who >= 2;
            sleep 0.05;
        }

        # one that was reading says what it met, and what it finds when it looks

        is(keys %who, 2, 'said by each worker: ' . join '; ', sort keys %said);
        is_deeply([grep { $said{$_} > 1 } keys %said], [], 'and not twice') or diag $nginx->errors;
        is(scalar(() = $nginx->errors =~ /\[error\]/g), keys %said, 'and nothing else');

        rename "$file.kept", $file or die $!;
        cmp_ok(until_all($nginx, $keyed, 200, 5), '<', 2.5, 'counted again within two seconds');
        like($nginx->errors, qr/\[notice\].*calls are counted again in the store "\Q$store\E"/, 'and said so');
        cmp_ok(read_slot($store, 1)->{months}{$this_month}, '>', 100, 'from where it was');

        is_deeply([sort $nginx->workers], \@workers, 'by the same workers');
        is($nginx->stop, 0, 'nginx ends well');
        unlike($nginx->errors, qr/\[(alert|crit|emerg)\]/, 'nobody died');
    };
}

subtest 'addresses, whose counts are of a day' => sub {
    my $store = store();
    my $nginx = serve($store);
    my @workers = sort $nginx->workers;
    my $file = "$store/visitors";

    for (['removed', sub { unlink $file or die $! }], ['emptied', sub { truncate $file, 0 or die $! }],
         ['cut short', sub { truncate $file, 1_000_000 or die $! }],
         ["another's", sub { copy("$other/counters", $file) or die $! }]) {
        my ($what, $do) = @$_;

        is_deeply(load($nginx->{port}, $open, answers => 100), { 200 => 100, lost => 0 }, "counted before it is $what");
        $do->();
        sleep 1.2;
        cmp_ok(until_all($nginx, $open, 200, 5), '<', 2.5, 'and again after two seconds');
        is(-s $file, 4096 + 16385 * $SLOT_SIZE, 'in a new file');
    }

    is_deeply([sort $nginx->workers], \@workers, 'by the same workers');

    # a guess that cannot be counted is answered

    truncate $file, 0 or die $!;
    is($nginx->status('/code?code=no'), 404, 'and whoever looks for a code is told');
    is($nginx->stop, 0, 'nginx ends well');
    unlike($nginx->errors, qr/\[(alert|crit|emerg)\]/, 'nobody died');
};

subtest 'workers that start without counters' => sub {
    my $store = store();
    rename "$store/counters", "$store/away" or die $!;
    my $nginx = serve($store);

    is($nginx->status("/v?token=$token", headers => ["X-API-Key: $secret"]), 503, 'keys are not served');
    is($nginx->status("/open?token=$token"), 200, 'addresses are');
    rename "$store/away", "$store/counters" or die $!;
    cmp_ok(until_all($nginx, $keyed, 200, 5), '<', 2.5, 'keys are within two seconds of having some');
};

subtest 'a tier that is not there' => sub {
    my $store = store();
    my $nginx = serve($store);
    my $seen = load($nginx->{port}, request("/tier?token=$token"), answers => 500);

    is_deeply($seen, { 503 => 500, lost => 0 }, 'nobody is let in');
    my @said = complaints($nginx, qr/there is no tier "none", which "credverify_keyless" names/);
    cmp_ok(scalar @said, '<=', 2, 'said once by each worker');

    Credverify::run($store, undef, qw(tier set none)) or die;
    is($nginx->status("/tier?token=$token"), 200, 'until there is one');
};

# what was let in is settled where it was counted

subtest 'a restore while calls are under way' => sub {
    my $store = store();
    my $nginx = serve($store);

    load($nginx->{port}, $keyed, answers => 30);
    Credverify::run($store, undef, 'backup', "$store.backup") or die;
    load($nginx->{port}, $keyed, answers => 20);

    my @waiting = map { my $socket = $nginx->connect; print $socket request('/stuck', 1); $socket } 1 .. 10;
    my $until = time + 5;
    sleep 0.02 while read_slot($store, 1)->{months}{$this_month} != 60 && time < $until;
    is(read_slot($store, 1)->{months}{$this_month}, 60, 'ten calls wait, of sixty');

    my $held = sub { return scalar grep { $nginx->slurp("/proc/$_/maps") =~ m{/store\.old-[^/]*/counters} } $nginx->workers };

    open my $old, '<:raw', "$store/counters" or die $!;
    Credverify::run($store, undef, 'restore', '--replace', "$store.backup") or die;
    cmp_ok(until_all($nginx, $keyed, 200, 5), '<', 2.5, 'restored');
    sleep 2.2;
    load($nginx->{port}, $keyed, answers => 100);

    my $now = read_slot($store, 1)->{months}{$this_month};
    is($now, 130, 'calls are counted there');
    cmp_ok($held->(), '>', 0, 'those who wait hold what was there before');

    close $_ for @waiting;
    $until = time + 5;
    sleep 0.05 while $held->() && time < $until;
    is($held->(), 0, 'until they go');
    is(read_slot($store, 1)->{months}{$this_month}, $now, 'and are given back there, not here');

    sysseek $old, slot_place(1) + 8 * (1 + 60 + 4 + $this_month % 16), 0;
    sysread $old, my $word, 8;
    my $before = unpack('Q<', $word) & (1 << 48) - 1;
    cmp_ok($before, '>=', 50, "$before of them in the old file");
    is($nginx->stop, 0, 'nginx ends well');
    unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');
};

done_testing;
