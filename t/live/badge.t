# Badges as demo.conf serves them: who needs which key for them, that the boxes
# of a drawing are as wide as its texts, and what a badge says in words.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Cwd qw(getcwd);
use Encode qw(decode_utf8);
use Test::More;
use Credverify;
use LiveCommand qw(slurp);
use LiveNginx;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

# Issuers and their classes, credentials of every kind of each, and their tokens

my %issuer = (truecert => 'TrueCert', securecodinghub => 'SecureCodingHub',
              testedclear => 'TestedClear', validtrust => 'ValidTrust',
              certifier => 'An Issuer Whose Name Is Longer Than There Is Room For');

my $long = 'A title that goes on for longer than any badge could be wide, or would want to be';
my %token;
my @lines;

for my $id (sort keys %issuer) {
    push @lines, qq({"kind":"issuer","id":"$id","name":"$issuer{$id}"}),
        qq({"kind":"class","id":"$id-class","issuer":"$id","title":"Web Security"}),
        qq({"kind":"class","id":"$id-long","issuer":"$id","title":"$long"});
}

push @lines, '{"kind":"holder","id":"h","name":"Jane Smith","display_name":"Janey","email":"jane@mail.example"}',
    map { qq({"kind":"tier","id":"$_->[0]","limits":{"minute":$_->[1]}}) } ['public', 1000], ['one', 1];

for my $key (['tc_live', 'live'], ['tc_test', 'test'], ['tc_badge', 'badge'], ['tc_badge', 'site'],
             ['tc_badge', 'once'], ['scs_badge', 'other'], ['tc_badge', 'bare'])
{
    my ($brand, $id) = @$key;
    my $more = $id eq 'site' ? ',"origins":["https://site.example"]' : '';
    my $tier = $id eq 'once' ? 'one' : 'public';
    my $scopes = $id eq 'bare' ? '' : '"verify:read"';

    push @lines, qq({"kind":"key","id":"$id","key":") . key($brand, $id)
        . qq(","owner":"O","tier":"$tier","status":"active","scopes":[$scopes]$more});
}

sub key {
    my ($brand, $id) = @_;
    return "${brand}_" . substr("$id$id" x 40, 0, 32);
}

my %kind = (valid => 'issued', long => 'issued', revoked => 'revoked', refunded => 'refunded',
            expired => 'issued', pending => 'pending', claimed => 'claimed', lasting => 'issued');
my $n = 0;

for my $issuer (sort keys %issuer) {
    for my $kind (sort keys %kind) {
        my $class = $kind eq 'long' ? 'long' : 'class';
        my $expires = $kind eq 'expired' ? '"2021-03-04"' : $kind eq 'lasting' ? 'null' : '"2999-07-08"';

        push @lines, qq({"kind":"credential","id":"$issuer-$kind","class":"$issuer-$class","holder":"h",)
            . qq("status":"$kind{$kind}","issued_at":"2020-02-15","expires_at":$expires,)
            . qq("number":"$issuer-$kind","code":"$issuer-$kind"});
        share($issuer, $kind, $kind, 'full', 'null');
    }

    share($issuer, 'masked', 'valid', 'masked', 'null');
    share($issuer, 'link', 'valid', 'full', '"2021-05-06"');
}

sub share {
    my ($issuer, $name, $kind, $privacy, $expires) = @_;
    my $token = $token{$issuer}{$name} = sprintf '%064x', ++$n;

    push @lines, qq({"kind":"token","token":"$token","credential":"$issuer-$kind",)
        . qq("privacy":"$privacy","created_at":"2020-02-15","expires_at":$expires});
}

my $prefix = Credverify::folder();
my $conf = slurp('conf-examples/demo.conf');

$conf =~ s/127\.0\.0\.1:8080/127.0.0.1:\@PORT\@/g;
$conf =~ s/^user .*;//m if $> != 0;

mkdir "$prefix/var" or die "var: $!";
symlink getcwd() . "/$_", "$prefix/$_" or die "$_: $!" for qw(build conf-examples);
Credverify::run("$prefix/var/store", undef, 'init', '--map-size', '64M') or die 'no store';
Credverify::run("$prefix/var/store", join("\n", @lines, ''), 'import', '-') or die 'no import';

my $nginx = LiveNginx->start(conf => $conf, prefix => $prefix, log => 'var/error.log');


# Who needs a key, at which of TestedClear's two

my $valid = $token{testedclear}{valid};
my %shown = (html => qr/<!doctype html>.*Verified/s, badge => qr/<!doctype html>.*Verified/s,
             svg => qr/^<svg .*>Verified</s, card => qr/^<svg .*>Verified</s,
             json => qr/^\{"verified":true/);
my %type = (json => 'application/json', html => 'text/html; charset=utf-8', svg => 'image/svg+xml',
            badge => 'text/html; charset=utf-8', card => 'image/svg+xml');
my %header = map { $_->[1] => 'X-API-Key: ' . key(@$_) } ['tc_live', 'live'], ['tc_badge', 'badge'], ['scs_badge', 'other'];
my %argument = map { $_->[1] => '&key=' . key(@$_) }
    ['tc_live', 'live'], ['tc_badge', 'badge'], ['tc_badge', 'site'], ['tc_badge', 'bare'],
    ['tc_badge', 'once'], ['scs_badge', 'other'];

# what is asked, with which headers; the status, the format, and what it says
# if not that it is verified

for my $case (
    ['verify', '', [], 401, 'json', 'missing_api_key'],
    ['verify', '&format=json', [], 401, 'json', 'missing_api_key'],
    ['verify', '&format=badge', [], 200, 'badge'],
    ['verify', '&format=svg', [], 200, 'svg'],
    ['verify', '&format=card', [], 200, 'card'],
    ['verify', '&format=html', [], 401, 'json', 'missing_api_key'],
    ['verify', '', [$header{live}], 200, 'json'],
    ['verify', '&format=badge', [$header{live}], 200, 'badge'],
    ['verify', '&format=html', [$header{live}], 400, 'json', 'invalid_format'],
    ['verify', '', [$header{badge}], 401, 'json', 'invalid_api_key'],
    ['verify', '&format=badge', [$header{badge}], 401, 'badge', 'Key invalid'],
    ['verify', "&format=badge$argument{badge}", [], 200, 'badge'],
    ['verify', "&format=svg$argument{badge}", [], 200, 'svg'],
    ['verify', $argument{badge}, [], 401, 'json', 'missing_api_key'],
    ['verify', "&format=svg$argument{live}", [], 401, 'svg', 'Key invalid'],

    ['badge', '', [], 401, 'json', 'missing_api_key'],
    (map { ['badge', "&format=$_", [], 200, $_] } qw(html svg badge card)),
    ['badge', '', ['Accept: text/html'], 200, 'html'],
    ['badge', '', ['Accept: image/avif,image/svg+xml,*/*;q=0.5'], 200, 'svg'],
    ['badge', '', ['Accept: application/json'], 401, 'json', 'missing_api_key'],
    ['badge', '', ['Accept: application/json', $header{badge}], 200, 'json'],
    ['badge', '&format=json', ['Accept: text/html', $header{badge}], 200, 'json'],
    ['badge', '', [$header{live}], 401, 'json', 'invalid_api_key'],
    ['badge', '&format=xml', [$header{badge}], 400, 'json', 'invalid_format'],
    ['badge', '&format=svg&theme=blue', [], 400, 'svg', 'Unknown theme'],
    ['badge', '&format=json&theme=blue', [$header{badge}], 200, 'json'],
    ['badge', "&format=html$argument{badge}", [], 200, 'html'],
    ['badge', "&format=svg$argument{other}", [], 401, 'svg', 'Key invalid'],
    ['badge', "&format=svg$argument{bare}", [], 403, 'svg', 'Scope missing'],
    ['badge', "&format=svg$argument{site}", [], 403, 'svg', 'Wrong site'],
    ['badge', "&format=svg$argument{site}", ['Referer: https://else.example/'], 403, 'svg', 'Wrong site'],
    ['badge', "&format=svg$argument{site}", ['Referer: https://site.example/page'], 200, 'svg'],
    ['badge', "&format=svg$argument{once}", [], 200, 'svg'],
    ['badge', "&format=svg$argument{once}", [], 429, 'svg', 'Try later'],
) {
    my ($path, $more, $headers, $status, $format, $says) = @$case;
    my ($is, $body, $head) = $nginx->get("/api/v1/$path?token=$valid$more", headers => $headers);

    subtest "$path$more, @$headers" => sub {
        is($is, $status, 'status');
        like($head, qr/^Content-Type: \Q$type{$format}\E\r$/m, 'type');
        like($body, $says ? qr/[">]\s*\Q$says\E[<"]/ : $shown{$format}, 'what it says');
        unlike($body, qr/Jane Smith|jane\@/, 'whose it is');
        like($head, qr/^Cache-Control: private/m, 'for who asked alone') if $status == 200;
        like($head, qr/^Vary: Accept\r$/m, 'chosen by Accept') if $more eq '';
    };
}

# Whoever the key is for frames what it shows; else a badge is for all

for (['verify?format=badge', '*'], ['badge?format=html', '*'], ['badge?format=badge', '*'],
     ["verify?format=badge$argument{badge}", '*'], ["verify?format=badge$argument{site}", 'https://site.example'],
     ["badge?format=html$argument{site}", 'https://site.example'], ['badge?format=svg', "'none'"])
{
    my ($path, $who) = @$_;
    my (undef, undef, $head) = $nginx->get("/api/v1/$path&token=$valid", headers => ['Referer: https://site.example/']);
    like($head, qr/^Content-Security-Policy: .*; frame-ancestors \Q$who\E\r$/m, "who frames $path");
}


# What a badge says, and how wide it is

my %path = (
    truecert => sub { "/api/verify/?token=$token{truecert}{$_[0]}" },
    securecodinghub => sub { "/verify/securecodinghub-$_[0]?" },
    testedclear => sub { "/api/v1/verify?token=$token{testedclear}{$_[0]}" },
    validtrust => sub { "/verify?code=validtrust-$_[0]" },
    certifier => sub { "/api/v2/verify?token=$token{certifier}{$_[0]}" },
    native => sub { "/api/v2/verify?token=$token{truecert}{$_[0]}" },
);

my %words = (
    valid => 'Web Security: Valid. Until 8 July 2999',
    lasting => 'Web Security: Valid. Issued 15 February 2020',
    claimed => 'Web Security: Valid. Genuine and in force',
    masked => 'Web Security: Valid. Genuine and in force',
    long => "$long: Valid. Until 8 July 2999",
    revoked => 'Web Security: Revoked. Withdrawn by its issuer',
    expired => 'Web Security: Expired. Ended 4 March 2021',
    refunded => 'Web Security: Refunded. No longer in force',
    pending => 'Web Security: Pending. Not in force yet',
    link => 'Link expired. Ask its holder for a new link',
    none => 'Not found. No credential is known here by this link',
);

my %own = (
    testedclear => {
        valid => 'Web Security: Verified. Retest by 8 July 2999',
        lasting => 'Web Security: Verified. Issued 15 February 2020',
        claimed => 'Web Security: Verified. Genuine and in force',
        masked => 'Web Security: Verified. Genuine and in force',
        long => "$long: Verified. Retest by 8 July 2999",
        expired => 'Web Security: Retest due. Was due on 4 March 2021',
        map { $_ => 'Not found. No result is known here by this link' } qw(refunded pending link none),
    },
    securecodinghub => { map { $_ => $words{none} } qw(revoked expired refunded pending) },
    validtrust => {
        lasting => 'Web Security: Valid. Badge active',
        claimed => 'Web Security: Valid. Badge claimed',
        map { $_ => 'Not found. No badge is known here by this code' } qw(revoked none),
    },
);

$token{$_}{none} = 'f' x 64 for keys %issuer;

# the width of a text in a box: as the engine says, which the native view shows
# of an issuer's name

my %width;

for my $issuer (qw(truecert securecodinghub testedclear validtrust)) {
    my (undef, $svg) = $nginx->get("/api/v2/verify?token=$token{$issuer}{valid}&format=svg");
    ($width{$issuer{$issuer}}) = $svg =~ /textLength="(\d+)"[^>]*>$issuer{$issuer}</;
}

for my $view (sort keys %path) {
    for my $kind (sort keys %words) {
        next if $view =~ /^(securecodinghub|validtrust)$/ && $kind =~ /^(masked|link)$/;

        my $words = $own{$view}{$kind} // $words{$kind};

        subtest "$view, $kind" => sub {
            my (undef, $svg, $head) = $nginx->get($path{$view}->($kind) . '&format=svg&theme=dark');
            $svg = decode_utf8($svg);
            look($view, $kind, $words, $svg);

            my (undef, $frame) = $nginx->get($view eq 'validtrust' ? "/embed?code=validtrust-$kind&theme=dark"
                                                                 : $path{$view}->($kind) . '&format=badge&theme=dark');
            my ($title) = $frame =~ m{<title>\s*(.*?)\s*</title>}s;
            is($title, $words, 'a frame says the same');
            like($frame, qr/<html lang="en" data-theme="dark"/, 'the theme of a frame');
            is($frame =~ m{<a class="badge" href="https://[^"]*" target="_blank" rel="noopener">} || 0,
               $view eq 'testedclear' ? 0 : 1, 'what a frame leads to');
        };
    }
}

sub look {
    my ($view, $kind, $words, $svg) = @_;

    my ($title) = $svg =~ m{<title id="title">\s*(.*?)\s*</title>}s;
    my ($wide, $box) = $svg =~ /width="(\d+)" height="28" viewBox="0 0 (\d+) 28"/;
    my @texts = map { [$_ =~ /x="(\d+)".*?textLength="(\d+)".*?>(.*)</] } $svg =~ m{(<text .*?</text>)}g;
    my @moves = $svg =~ /<g transform="translate\((\d+)\)/g;
    my ($chip) = $svg =~ /<path class="tone" d="M0 0h(\d+)a6/;
    my ($word) = $words =~ /^(?:.*: )?(.*?)\./;
    my $shown = $words =~ /: /;

    is($title, $words, 'in words');
    like($svg, qr/^<svg [^>]*role="img" aria-labelledby="title desc" data-theme="dark"/, 'what it is');
    is($texts[-1][2], $word, 'the word');
    is($box, $wide, 'drawn as large as it is shown');

    # who, then what and how it is, each in its place

    my $who = $texts[0][2] eq $word ? undef : shift @texts;
    my $right = $who ? 40 + $who->[1] : 30;

    is($who->[1], $width{$who->[2]}, 'the name is as wide as it was measured')
        if $view !~ /^(native|certifier)$/;
    is($moves[0], $right, 'what follows the name');

    if ($shown) {
        my $what = shift @texts;
        is($what->[2], 'Web Security', 'what it is about') if $kind ne 'long';
        like($what->[2], qr/^A title that goes on.*…$/, 'what it is about') if $kind eq 'long';
        cmp_ok($what->[1], '<=', 220, 'which is not too wide');
        is($moves[1], 20 + $what->[1], 'and what follows it');
    } else {
        is($moves[1], 0, 'nothing between name and word');
    }

    is($chip + 6, 36 + $texts[0][1], 'the box of the word');
    is($wide, $moves[0] + $moves[1] + $chip + 6, 'the width of it all');
}

is($nginx->stop, 0, 'nginx ends well');
unlike($nginx->errors, qr/\[(error|alert|crit|emerg)\]/, 'nothing logged');

done_testing;
