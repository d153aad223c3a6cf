# Secrets: what is never said, by whatever command

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;

my $KEY    = 'scs_live_CuJabmeaI77NKsoaAJ15fh3FvyffAiSU';
my $CLIENT = 'client-secret-of-somebody';
my $SIGNS  = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
my $TOKEN  = '390aa046b2886a0a68fb36ff647b216d03cacd775bef52404dc6a3daf19a3b5c';

my @lines = ($ISSUER, $CLASS, $HOLDER, $CREDENTIAL,
    qq({"kind":"token","token":"$TOKEN","credential":"x"}),
    '{"kind":"tier","id":"t"}',
    qq({"kind":"key","id":"k","key":"$KEY","tier":"t"}),
    qq({"kind":"oauth_client","id":"o","secret":"$CLIENT","class":"c"}),
    qq({"kind":"webhook","id":"w","url":"https://w","secret":"$SIGNS"}));

my $store = load(@lines);

sub cv {
    return run('--store', $store, @_);
}

# neither of them, nor most of one

sub silent {
    my ($r, $name) = @_;
    my @parts = map { quotemeta substr $_, 0, 24 } $KEY, $CLIENT, $SIGNS, $TOKEN;
    local $" = '|';
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    unlike($r->{out} . $r->{err}, qr/@parts/, $name);
}

for my $json ([], ['--json']) {
    silent(cv(@$_, @$json), "@$_ @$json")
        for ['export'], ['key', 'list'], ['key', 'show', 'k'], ['webhook', 'list'],
            ['token', 'list', 'x'], ['stats'], ['check'];
}

like(cv('export', '--secrets')->{out}, qr/"secret":"\Q$SIGNS\E"/,
     'what signs, if asked for');
unlike(cv('export', '--secrets')->{out}, qr/$KEY|$CLIENT|$TOKEN/, 'nothing else');
unlike(read_file("$store/data.mdb"), qr/$KEY|$CLIENT|$TOKEN/, 'nor is it kept');


# Errors about a line do not repeat what it says

for (
    qq({"kind":"key","id":"l","key":"$KEY"}),
    qq({"kind":"key","id":"l","key":"x$KEY ","tier":"none"}),
    qq({"kind":"key","id":"l","key":"$KEY","key_sha256":"$TOKEN"}),
    qq({"kind":"key","id":"l","key":["$KEY"]}),
    qq({"kind":"oauth_client","id":"p","secret":"$CLIENT","class":"none"}),
    qq({"kind":"oauth_client","id":"p","secret":{"a":"$CLIENT"},"class":"c"}),
    qq({"kind":"webhook","id":"v","url":"https://v","secret":"$SIGNS="}),
    qq({"kind":"webhook","id":"v","url":"v","secret":"$SIGNS"}),
    qq({"kind":"token","token":"${TOKEN}0","credential":"x"}),
    qq({"kind":"key","$KEY":1}),
    qq({"kind":"$KEY"}),
    qq({"kind":"key","id":"l","key":"${KEY}2\n),
    qq({"kind":"key","id":"l","key":"$KEY"} x\n),
)
{
    my $r = run({ in => $_ }, '--store', $store, 'import', '-');
    is($r->{status}, 1, 'a wrong line');
    silent($r, 'is not repeated: ' . substr $r->{err}, 0, 90);
}


# nor what was typed where a secret does not belong

for my $secret ($KEY, $SIGNS, $TOKEN, uc $TOKEN) {
    for (['key', 'show', $secret], [$secret], ['key', $secret],
         ['key', 'list', '--limit', $secret], ['key', 'list', "--limit=$secret"],
         ['key', "--$secret"],
         ['webhook', 'add', $secret, '--url', $secret], ['export', "--kind=$secret"],
         ['credential', 'issue', "x $secret y"], ['token', 'revoke', 'x', $secret])
    {
        my $r = cv(@$_);
        isnt($r->{status}, 0, 'refused');
        unlike($r->{err}, qr/\Q${\ substr $secret, 0, 24}\E/i, "not repeated: $r->{err}");
    }
}

# what is no secret is

like(cv('key', 'show', $_)->{err}, qr/there is no key "\Q$_\E"$/m, $_)
    for 'my_test_course', 'a_live_0123456789abcde', 'whsec_', '_live_' . 'x' x 40,
        'c_demo_' . 'x' x 40;

done_testing();
