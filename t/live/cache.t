# What caches are told of an answer, the clock held: for how long it may be kept,
# and by which tag it is known.

use strict;
use warnings;

use lib 't/lib';
use Digest::SHA qw(sha256_hex);
use JSON::PP;
use POSIX qw(floor);
use Test::More;
use Time::Local qw(timegm);
use Credverify;
use LiveNginx;

my $faketime = LiveNginx::faketime();
plan skip_all => 'there is no faketime for this nginx' unless $faketime;

# Credentials that end at 10:30:10, or half a second later, or never; the last one
# has links of both kinds.

my $key = 'scs_live_' . 'x' x 40;
my %token = map { $_ => sha256_hex($_) } qw(full other masked second ends);
my @lines = (
    '{"kind":"issuer","id":"i","name":"Issuer"}',
    '{"kind":"class","id":"c","issuer":"i","title":"Class"}',
    '{"kind":"holder","id":"h","name":"Holder"}',
    (map { qq({"kind":"credential","id":"$_->[0]","class":"c","holder":"h","status":"$_->[1]","code":"C-$_->[0]","expires_at":$_->[2]}) }
        ['never', 'issued', 'null'], ['whole', 'issued', '"2026-03-11T10:30:10Z"'],
        ['half', 'issued', '"2026-03-11T10:30:10.500Z"'], ['revoked', 'revoked', 'null'],
        ['pending', 'pending', '"2026-03-11T10:30:10Z"']),
    (map { qq({"kind":"token","token":"$token{$_->[0]}","credential":"never","privacy":"$_->[1]","expires_at":$_->[2]}) }
        ['full', 'full', 'null'], ['other', 'full', 'null'], ['masked', 'masked', 'null'],
        ['second', 'masked', 'null'], ['ends', 'full', '"2026-03-11T10:30:10Z"']),
    qq({"kind":"key","id":"k","key":"$key"}),
);

our $store = Credverify::store(@lines);
my $clock = Credverify::folder() . '/clock';
my $end = timegm(10, 30, 10, 11, 2, 2026);

# The clock stands still so many seconds before 10:30:10.

sub before {
    my $now = $end - shift;
    my @t = gmtime floor($now);
    open my $file, '>', "$clock.new" or die $!;
    printf $file "%04d-%02d-%02d %02d:%02d:%02d.%02d\n", $t[5] + 1900, $t[4] + 1, @t[3, 2, 1, 0],
        100 * ($now - floor($now)) + 0.5;
    close $file or die $!;
    rename "$clock.new", $clock or die $!;
}

# A view that says 200 of what is not there, and of what was revoked the same; and
# when it was asked for nothing.

my $views = Credverify::folder();
mkdir "$views/quiet" or die $!;
open my $view, '>', "$views/quiet/verify.json" or die $!;
print $view '{"valid":{"body":{"ok":true}},"not_found":{"status":200,"body":{"ok":false}},"error":{"body":{}},"missing_handle":{"status":200,"body":{}},'
    . join(',', map { qq("$_":"not_found") } qw(revoked token_expired refunded expired pending)) . '}';
close $view or die $!;

before(100);

my $nginx = LiveNginx->start(
    main => join(' ', map { "env $_;" } qw(FAKETIME_TIMESTAMP_FILE FAKETIME_NO_CACHE FAKETIME_DONT_FAKE_MONOTONIC TZ)),
    env => { LD_PRELOAD => $faketime, FAKETIME_TIMESTAMP_FILE => $clock, FAKETIME_NO_CACHE => 1,
             FAKETIME_DONT_FAKE_MONOTONIC => 1, TZ => 'UTC' },
    http => "credverify_store $store; credverify_guesses off;",
    server => join "\n", map { "location = /$_->[0] { credverify_verify token=\$arg_token code=\$arg_code; $_->[1] }" }
        ['v', ''],
        ['still', 'credverify_view validtrust; credverify_format "" json;'],
        ['day', 'credverify_max_age 1d;'],
        ['both', 'credverify_max_age 2s; credverify_stale 5s;'],
        ['fresh', 'credverify_stale 0;'],
        ['never', 'credverify_max_age 0;'],
        ['most', 'credverify_max_age ' . (~0 >> 1) . 's; credverify_stale ' . (~0 >> 1) . 's;'],
        ['quiet', "credverify_views $views; credverify_view quiet;"],
        ['off', 'credverify_cache_tag off;'],
        ['one', 'credverify_cache_tag Edge-Cache-Tag;'],
        ['keyed', 'credverify_key scs;']);

sub field {
    my ($head, $name) = @_;
    my @values = $head =~ /^\Q$name\E: (.*)\r$/mg;
    return @values > 1 ? "several: @values" : $values[0];
}

sub head {
    my ($path, @headers) = @_;
    return ($nginx->get($path, headers => \@headers))[2];
}

sub lifetime { return field(head(@_), 'Cache-Control') }

sub public {
    my ($max_age, $stale) = @_;
    return "public, max-age=$max_age, stale-while-revalidate=$stale, stale-if-error=0";
}

subtest 'as long as it is good, and a second less' => sub {
    my $etag = field(head('/still?code=C-whole'), 'ETag');
    like($etag, qr/^"[0-9a-f]{16}"$/, 'a strong ETag');

    # seconds before the end, max-age, stale-while-revalidate; 0: not at all

    for ([60, 3, 1], [5.01, 3, 1], [5, 3, 1], [4.99, 3, 0], [4, 3, 0], [3.99, 2, 0], [3.01, 2, 0], [3, 2, 0],
         [2.5, 1, 0], [2, 1, 0], [1.99, 0], [1.5, 0], [1, 0], [0.99, 0], [0.01, 0])
    {
        my ($left, $max_age, $stale) = @$_;
        before($left);

        for my $path ('/v?code=C-whole', '/still?code=C-whole', "/v?token=$token{ends}", '/v?code=C-pending') {
            my ($status, $body, $head) = $nginx->get($path, headers => ["If-None-Match: $etag"]);

            is(field($head, 'Cache-Control'), $max_age ? public($max_age, $stale) : 'no-cache', "$left: $path");

            # a 304 would have nginx keep what it has for as long as it was told then

            is($status, $max_age && $path =~ /still/ ? 304 : 200, $max_age ? 'may be compared' : 'is whole');
            is(defined field($head, 'ETag'), $max_age > 0, 'by its ETag');
        }

        next unless $max_age;

        # nginx keeps it through the last second that it was told, counted from the
        # one in which it came, which may be the next

        cmp_ok(floor($end - $left + 1) + $max_age + $stale + 1, '<=', $end + 1, 'and gone before it ends');
    }

    before(0);
    my ($status, $body, $head) = $nginx->get('/still?code=C-whole', headers => ["If-None-Match: $etag"]);
    is($status, 200, 'when it has ended');
    like($body, qr/"status":"expired"/, 'that is told');
    is(field($head, 'Cache-Control'), public(3, 1), 'and may be kept');
    isnt(field($head, 'ETag'), $etag, 'by another ETag');
};

subtest 'half a second later' => sub {
    for ([4.5, 3, 1], [4.49, 3, 0], [1.5, 1, 0], [1.49, 0], [0, 0]) {
        my ($left, $max_age, $stale) = @$_;
        before($left);
        is(lifetime('/v?code=C-half'), $max_age ? public($max_age, $stale) : 'no-cache', $left);
    }
};

subtest 'as the location says' => sub {
    before(100);
    is(lifetime('/v?code=C-never'), public(3, 1), 'by default');
    is(lifetime('/day?code=C-never'), public(86400, 1), 'longer');
    is(lifetime('/day?code=C-whole'), public(99, 0), 'but not for longer than it is good');
    is(lifetime('/both?code=C-whole'), public(2, 5), 'longer beyond that');
    is(lifetime('/fresh?code=C-never'), public(3, 0), 'not beyond that, which is said too');
    is(lifetime('/most?code=C-never'), public(1 << 29, 1 << 29), 'for ever, which is 17 years');
    is(lifetime('/most?code=C-whole'), public(99, 0), 'which ends');

    before(5);
    is(lifetime('/both?code=C-whole'), public(2, 2), 'as far as there is time');

    my $head = head('/never?code=C-never');
    is(field($head, 'Cache-Control'), 'no-cache', 'not without asking');
    is($nginx->status('/never?code=C-never', headers => ['If-None-Match: ' . field($head, 'ETag')]), 304, 'whether it is the same');

    is(lifetime('/keyed?code=C-never', "X-API-Key: $key"), 'private, max-age=3', 'by who has a key alone');
    is(lifetime('/v?code=C-revoked'), public(3, 1), 'what was revoked, too');
    is(lifetime('/v?code=none'), 'no-store', 'not what is not found');
    is(lifetime('/v'), 'no-store', 'nor errors');
    is(lifetime('/quiet?code=none'), public(3, 1), 'but what says 200 of it');
    is(lifetime('/quiet'), 'no-store', 'while errors are errors');
};

# the one tag that both fields have

sub tag {
    my $head = head(@_);
    my ($surrogate, $cache) = map { field($head, $_) } qw(Surrogate-Key Cache-Tag);
    return undef unless defined $surrogate || defined $cache;
    is($surrogate, $cache, 'both fields say the same');
    like($cache, qr/^cv-[0-9a-f]{16}$/, 'one tag');
    return $cache;
}

sub told {
    my @command = @_;
    open my $pipe, '-|', $Credverify::tool, '--store', $store, '--json', @command or die $!;
    return map { decode_json($_) } <$pipe>;
}

subtest 'tags' => sub {
    before(100);
    my $tag = tag('/v?code=C-never');
    is($tag, (told('credential', 'show', 'never'))[0]{cache_tag}, 'is what the command says');

    is(tag("/v?token=$token{$_}"), $tag, "$_: the credential's") for qw(full other);
    is(tag('/v?code=C-never', 'Accept: text/html'), $tag, 'of a page, too');
    is(tag('/still?code=C-never'), $tag, 'of another view');
    isnt(tag('/v?code=C-whole'), $tag, 'of another credential it is another');

    my %masked = map { $_ => tag("/v?token=$token{$_}") } qw(masked second);
    is(scalar(grep { $_ eq $tag } values %masked), 0, 'who has a masked link does not know it');
    isnt($masked{masked}, $masked{second}, 'nor what two of them have in common');

    my %said = map { $_->{token_sha256} => $_->{cache_tag} } told('token', 'list', 'never');
    is($said{sha256_hex($token{$_})}, $masked{$_} // $tag, "$_: the command says the same") for sort keys %token;

    is(tag('/v?code=C-revoked'), (told('credential', 'show', 'revoked'))[0]{cache_tag}, 'of what is not valid');

    my $head = head('/still?code=C-never');
    my $etag = field($head, 'ETag');

    for ([GET => 304, "If-None-Match: $etag"], [HEAD => 200]) {
        my ($method, $status, @headers) = @$_;
        my ($got, undef, $other) = $nginx->get('/still?code=C-never', method => $method, headers => \@headers);
        is($got, $status, "$method: $status");
        is(field($other, $_), field($head, $_), $_) for qw(Cache-Control Surrogate-Key Cache-Tag ETag);
    }

    my $elsewhere = Credverify::store(@lines);
    my ($other) = do { local $store = $elsewhere; told('credential', 'show', 'never') };
    isnt($other->{cache_tag}, $tag, 'in another store it is another');
};

subtest 'where there is none' => sub {
    before(100);
    is(tag($_), undef, $_) for '/v?code=none', '/v', '/never?code=C-never', '/off?code=C-never';
    is(tag('/keyed?code=C-never', "X-API-Key: $key"), undef, 'with a key');

    is(tag("/v?token=$token{ends}"), tag('/v?code=C-never'), 'a link has it');
    before(0);
    is(tag("/v?token=$token{ends}"), undef, 'until it has expired: who has it is not led on');

    like(tag('/quiet?code=C-never'), qr/^cv-/, 'what is there');
    is(tag("/quiet?code=$_"), undef, "not what is said not to be: $_") for qw(C-revoked none);

    before(1);
    is(tag('/v?code=C-whole'), undef, 'what may not be kept');
    before(100);

    my $head = head('/one?code=C-never');
    is(field($head, 'Edge-Cache-Tag'), tag('/v?code=C-never'), 'in a field of another name');
    is(field($head, $_), undef, "and not in $_") for qw(Surrogate-Key Cache-Tag);
};

is($nginx->stop, 0, 'nginx ends well');
unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');

done_testing;
