# credverify credential|class|holder|issuer history: the audit trail

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;

my $NOW = qr/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/;
my @MEMBERS = qw(at actor action from to token reason);

# who we are said to be

delete $ENV{SUDO_USER};
my $me = 'cli:' . (getpwuid($<) // $<);

my $store = init_store();

sub cv {
    return run('--store', $store, @_);
}

sub cv_ok {
    my $r = cv(@_);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    done_ok($r, "@_");
    return $r;
}

# "action from>to" of every entry, with the token and the reason if it has any

sub trail {
    my ($noun, $id, @options) = @_;
    my $r = cv($noun, 'history', $id, '--json', @options);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    done_ok($r, "history of $noun $id");

    my @trail = json_lines($r->{out});
    my $last = '';

    for (@trail) {
        is(join(' ', sort keys %$_), join(' ', sort @MEMBERS), 'members');
        like($_->{at}, qr/\A$NOW\z/, 'when');
        cmp_ok($_->{at}, 'ge', $last, 'in order');
        is($_->{actor}, $me, 'who');
        $last = $_->{at};
    }

    return [map {
        my $e = $_;
        join ' ', $e->{action},
             defined $e->{to} ? ($e->{from} // '') . ">$e->{to}" : (),
             grep { defined } @$e{qw(token reason)}
    } @trail];
}


# every command that changes something

cv_ok('issuer', 'set', 'i', '--name', 'Issuer');
cv_ok('issuer', 'set', 'i', '--url', 'https://i.example');
cv_ok('issuer', 'set', 'i', '--url', 'https://i.example');
cv_ok('class', 'set', 'c', '--issuer', 'i', '--title', 'Class');
cv_ok('holder', 'set', 'h', '--name', 'Jo March');
cv_ok('credential', 'create', '--id', 'x', '--class', 'c', '--holder', 'h',
      '--number', 'N-1', '--code', 'code', '--public-id', 'AB-1');
cv_ok('credential', 'issue', 'x');
my ($token) = json_lines(cv_ok('token', 'new', 'x', '--json')->{out});
cv_ok('credential', 'create', '--id', 'back', '--class', 'c', '--holder', 'h');
cv_ok('credential', $_, 'back') for qw(pend pend issue refund refund revoke);
is_deeply(trail('credential', 'back'),
          ['created >draft', 'pending draft>pending', 'issued pending>issued',
           'refunded issued>refunded', 'revoked refunded>revoked'],
          'by the other way');
my $hash = substr $token->{token_sha256}, 0, 16;
cv_ok('token', 'revoke', 'x', $hash);
cv_ok('credential', 'claim', 'x');
cv_ok('credential', 'claim', 'x');
cv_ok('credential', 'use', 'x');
cv('credential', 'refund', 'x');
cv_ok('credential', 'revoke', 'x', '--reason', 'fraud');
cv_ok('credential', 'revoke', 'x', '--reason', "a\tmistake");

my @x = ('created >draft', 'issued draft>issued', "token_made $hash",
         "token_revoked $hash", 'claimed issued>claimed', 'used claimed>used',
         "revoked used>revoked a\tmistake", 'changed revoked>revoked');

is_deeply(trail('issuer', 'i'), ['created', 'changed'], 'an issuer');
is_deeply(trail('class', 'c'), ['created'], 'a class');
is_deeply(trail('holder', 'h'), ['created'], 'a holder');
is_deeply(trail('credential', 'x'), \@x, 'a credential');
is_deeply(trail('credential', @$_), \@x, "by $_->[2]")
    for ['N-1', '--by', 'number'], ['code', '--by', 'code'],
        ['ab-1', '--by', 'public-id'], ['x', '--by', 'id'];

fails(cv('credential', 'history', 'N-1'),
      'credential history: there is no credential "N-1"; one has that as its number: '
      . '"credverify credential show --by number"', 'unknown');
fails(cv('class', 'history', 'x'), 'class history: there is no class "x"',
      'unknown class');
misused(cv('credential', 'history', 'x', '--by', 'name'), 'credential history: '
        . '--by: "name" is neither id, code, number, public-id nor assertion; see '
        . '"credverify help credential history"', 'by what there is not');
misused(cv('holder', 'history', 'h', '--by', 'id'),
        qr/: holder history: --by: unknown option; /, 'a holder has only an id');


# for people

my $r = cv_ok('credential', 'history', 'x');
my @rows = map { qr/\A$NOW  \Q$me\E +$_\z/ }
    'created        draft', 'issued         draft -> issued',
    "token made     $hash", "token revoked  $hash",
    'claimed        issued -> claimed', 'used           claimed -> used',
    'revoked        used -> revoked {7}a\?mistake', 'changed';
my @lines = split /\n/, $r->{out};
is(scalar @lines, scalar @rows, 'a line an entry');
like($lines[$_], $rows[$_], $lines[$_]) for 0 .. $#rows;
is(scalar(grep { /  created|  changed/ } split /\n/,
          cv_ok('issuer', 'history', 'i')->{out}), 2, 'of an issuer, too');


# import

sub import_lines {
    done_ok(run({ in => join '', map { "$_\n" } @_ }, '--store', $store,
                'import', '-'), 'import');
}

my $line = $CREDENTIAL =~ s/"x"/"y"/r;
import_lines($ISSUER, $line, $line, $line =~ s/issued/revoked/r,
    '{"kind":"token","credential":"y","token":"' . 'a' x 64 . '"}');
is_deeply(trail('credential', 'y'),
          ['imported >issued', 'imported issued>revoked'],
          'what an import changed');
is_deeply(trail('issuer', 'i'), ['created', 'changed', 'imported'],
          'of other kinds, too');
import_lines($ISSUER);
is(scalar @{trail('issuer', 'i')}, 3, 'not what was there already');

# keys and what belongs to them

cv_ok('tier', 'set', 't', '--price-cents', '1');
cv_ok('webhook', 'add', 'w', '--url', 'https://w.example');
cv_ok('webhook', 'rotate', 'w');
cv_ok('webhook', 'disable', 'w');
cv_ok('webhook', 'disable', 'w', '--reason', 'still');
cv_ok('webhook', 'enable', 'w');
cv_ok('webhook', 'set', 'w', '--private', 'true');
import_lines('{"kind":"key","id":"k","key":"tc_live_' . 'k' x 32 . '","tier":"t"}');
is_deeply(trail('tier', 't'), ['created'], 'a tier');
is_deeply(trail('webhook', 'w'), [qw(created rotated disabled changed activated changed)], 'a webhook');
is_deeply(trail('key', 'k'), ['imported >active'], 'a key');

# how far somebody has come leaves none

cv_ok('progress', 'record', '--holder', 'h', '--class', 'c', '--learn', '3');
is_deeply(trail('holder', 'h'), ['created'], 'no entry of the holder');
is_deeply(trail('class', 'c'), ['created'], 'nor of the class');

# what cannot be written leaves no entry

fails(cv('credential', 'create', '--class', 'c', '--holder', 'h', '--id', 'z',
         '--code', 'code'), qr/ belongs to another /, 'refused');
fails(cv('credential', 'history', 'z'),
      'credential history: there is no credential "z"', 'no trace');

my ($stats) = json_lines(cv_ok('stats', '--json')->{out});
is($stats->{audited}, 28, 'stats counts the entries');
unlike(cv_ok('export')->{out}, qr/audit|\Q$me\E/, 'an export has none');
done_ok(cv('check'), 'the store is whole');


# who: whoever uses sudo is named, nobody else is by saying so

sub actor {
    my (%is) = @_;
    local $ENV{SUDO_USER} = $is{sudo} if defined $is{sudo};
    delete local $ENV{SUDO_USER} unless defined $is{sudo};

    done_ok(run({ as => $is{as} }, '--store', $store, 'holder', 'set', 'h',
                '--name', "Name $is{name}"), $is{name});

    my @trail = json_lines(cv('holder', 'history', 'h', '--json')->{out});
    return $trail[-1]{actor};
}

if ($> == 0) {
    is(actor(name => 'sudo', sudo => 'jane'), 'cli:jane', 'root by sudo');
    is(actor(name => 'no sudo'), $me, 'root');
    is(actor(name => 'empty', sudo => ''), $me, 'no name');
    is(actor(name => 'odd', sudo => "a\nb"), $me, 'no name either');
    is(actor(name => 'long', sudo => 'x' x 100), $me, 'nor this');

    # somebody without a login name

    my $uid = 61234;
    die "there is a user $uid" if defined getpwuid $uid;
    system('chown', '-R', "$uid:$uid", $store) == 0 or die 'chown';
    is(actor(name => 'nobody', as => $uid), "cli:$uid", 'by number');
    is(actor(name => 'liar', as => $uid, sudo => 'root'), "cli:$uid",
       'whatever he says');
} else {
    is(actor(name => 'liar', sudo => 'root'), $me, 'whatever we say');
}

done_testing();
