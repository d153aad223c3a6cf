# credverify issuer, class, holder, tier, key, webhook: set, list, show; stats

use strict;
use warnings;

use Encode qw(encode_utf8);
use FindBin;
use lib "$FindBin::Bin/../lib";

use Test::More;
use CredverifyTool;

my $store = init_store();

sub cv {
    return run('--store', $store, @_);
}


# set makes and changes

my $r = cv('issuer', 'set', 'i', '--name', 'Issuer', '--url=https://i.example',
           '--json');
done_ok($r, 'a new issuer');
is($r->{out}, '{"kind":"issuer","id":"i","name":"Issuer",'
   . qq("url":"https://i.example"}\n), 'as it is exported');

$r = cv('issuer', 'set', 'i', '--email', 'e@i.example', '--url', '', '--json');
done_ok($r, 'a change');
is($r->{out}, '{"kind":"issuer","id":"i","name":"Issuer",'
   . qq("email":"e\@i.example"}\n), 'what is not named stays, "" removes');

is(cv('issuer', 'show', 'i', '--json')->{out}, $r->{out}, 'show has the same');
is(cv('issuer', 'show', 'i')->{out}, "id              i\n"
   . "name            Issuer\nemail           e\@i.example\n", 'for people');

$r = cv('class', 'set', 'c', '--issuer', 'i', '--title', 'T "1"', '--level', '-3',
        '--listed', 'false', '--tags', '[ "a", "b" ]', '--criteria',
        '{"narrative": "N", "a": 1.0}', '--valid-days', '91', '--category-title', "\xc3\xa9",
        '--json');
done_ok($r, 'a class');
is($r->{out}, '{"kind":"class","id":"c","issuer":"i","title":"T \"1\"",'
   . qq("category_title":"\xc3\xa9","level":-3,"criteria":{"narrative":"N","a":1.0},)
   . qq("tags":["a","b"],"valid_days":91,"listed":false}\n),
   'its members');

for (['--listed'], ['--listed=true'], ['--listed', 'true']) {
    cv('class', 'set', 'c', '--listed', 'false');
    like(cv('class', 'set', 'c', @$_, '--json')->{out}, qr/"listed":true/,
         "@$_");
}

done_ok(cv('class', 'set', '--listed', 'c', '--tags='),
        'a boolean does not take what follows');
my ($class) = json_lines(cv('class', 'show', 'c', '--json')->{out});
ok(!exists $class->{tags}, 'an array is removed');

done_ok(cv('holder', 'set', 'h 1', '--name', "Jane\x01Smith",
           '--display-name', 'Jane'), 'a holder');
like(cv('holder', 'show', 'h 1')->{out}, qr/^name +Jane\?Smith$/m,
     'control characters are not passed on');


done_ok(cv('holder', 'set', 'h2', '--name', "a\xc2\x9b31mb\xc2\xa0c\x7f"),
        'with a C1 control');
like(cv('holder', 'show', 'h2')->{out}, qr/^name +a\?31mb\xc2\xa0c\?$/m,
     'nor is that, but what comes after them is');

for my $code (0x061c, 0x200e, 0x200f, 0x202a .. 0x202e, 0x2066 .. 0x2069) {
    my $name = encode_utf8("a\x{200d}b" . chr($code) . 'c');
    my $what = sprintf 'U+%04X', $code;

    cv('holder', 'set', 'h2', '--name', $name);
    like(cv('holder', 'show', 'h2')->{out}, qr/^name +a\xe2\x80\x8db\?c$/m,
         "$what does not reorder what is shown");
    like(cv('holder', 'list')->{out}, qr/a\xe2\x80\x8db\?c/, 'nor what is listed');
    like(cv('holder', 'show', 'h2', '--json')->{out}, qr/"name":"\Q$name\E"/,
         'programs get it as it is');
}

for (0x061b, 0x061d, 0x200d, 0x2010, 0x2029, 0x202f, 0x2065, 0x206a) {
    my $name = encode_utf8('a' . chr . 'c');
    cv('holder', 'set', 'h2', '--name', $name);
    like(cv('holder', 'show', 'h2')->{out}, qr/^name +$name$/m,
         sprintf 'U+%04X does not', $_);
}
cv('holder', 'set', 'h2', '--name', 'Two');


# What set refuses

misused(cv('issuer', 'set', 'j'), 'issuer set: issuer: member "name" is '
        . 'required; see "credverify help issuer set"', 'no name');
misused(cv('issuer', 'set', 'i', '--name='), qr/member "name" is required; /,
        'its removal');
misused(cv('issuer', 'set'), qr/: issuer set: ID is expected; /, 'no id');
misused(cv('issuer', 'set', '', '--name', 'N'), qr/member "id" is empty/,
        'empty id');
misused(cv('issuer', 'set', 'x' x 256, '--name', 'N'),
        qr/member "id" is 256 bytes long, at most 255 are kept; /, 'long id');
misused(cv('issuer', 'set', "\xff", '--name', 'N'), qr/UTF-8/, 'no UTF-8');
misused(cv('issuer', 'set', 'i', '--id', 'j'), qr/: --id: unknown option; /,
        'an id cannot change');
misused(cv('class', 'set', 'c', '--level', $_),
        qr/: --level: "\Q$_\E" is no whole number; /, "--level $_")
    for '1.5', '1,"title":"x"', '01', ' 1', '1e3', '-';
misused(cv('class', 'set', 'c', '--level', '9' x 30),
        qr/member "level" must be an integer; /, 'a large level');
misused(cv('class', 'set', 'c', '--listed=maybe'),
        qr/: --listed: "maybe" is neither true nor false; /, 'no boolean');
misused(cv('class', 'set', 'c', '--tags', '["a"'), qr/: --tags: byte \d+: /,
        'no JSON');
misused(cv('class', 'set', 'c', '--tags', '["a"],"title":"x"'),
        qr/: --tags: byte \d+: /, 'more than one value');
misused(cv('class', 'set', 'c', '--tags', '{}'),
        qr/member "tags" must be an array of strings; /, 'another type');
fails(cv('class', 'set', 'c', '--issuer', 'nobody'), 'class set: class: member '
      . '"issuer": there is no issuer "nobody"', 'unknown issuer');

fails(cv($_, 'show', 'nothing'), qq($_ show: there is no $_ "nothing"),
      "no such $_") for qw(issuer class holder);


# list

cv('issuer', 'set', 'other', '--name', "\xc3\x89t\xc3\xa9", '--url', 'https://o.example');
cv('class', 'set', 'd', '--issuer', 'other', '--title', 'D');

is(cv('issuer', 'list')->{out}, "i      Issuer  -\n"
   . "other  \xc3\x89t\xc3\xa9     https://o.example\n",
   'aligned by characters');
is(cv('class', 'list')->{out}, qq(c  i      T "1"\nd  other  D\n), 'classes');
is(cv('class', 'list', '--issuer', 'other')->{out}, "d  other  D\n",
   'of one issuer');
is(cv('holder', 'list')->{out}, "h 1  Jane?Smith  Jane  -\n"
   . "h2   Two         -     -\n", 'holders');
is(cv('holder', 'list', '--json')->{out}, '{"kind":"holder","id":"h 1",'
   . qq("name":"Jane\\u0001Smith","display_name":"Jane"}\n)
   . qq({"kind":"holder","id":"h2","name":"Two"}\n), 'as JSON');
is(scalar(json_lines(cv('issuer', 'list', '--json')->{out})), 2, 'a line each');
is(scalar(json_lines(cv('issuer', 'list', '--json', '--limit', 1)->{out})), 1,
   'limited');

misused(cv('issuer', 'list', '--limit', $_), qr/: --limit: "$_" is no number /,
        "--limit $_") for 'x', '0', '-1', '1x', '99999999999999999999';
fails(cv('class', 'list', '--issuer', 'nobody'),
      'class list: there is no issuer "nobody"', 'of no issuer');


# Tiers are set like these, keys come by import

$r = cv('tier', 'set', 't', '--limits', '{"minute": 60, "month": null}',
        '--overage-cents', 20, '--features', '["search"]', '--json');
done_ok($r, 'a tier');
is($r->{out}, '{"kind":"tier","id":"t","limits":{"minute":60,"month":null},'
   . qq("overage_cents":20,"features":["search"]}\n), 'its members');
done_ok(cv('tier', 'set', 't', '--price-cents', 0, '--overage-cents='), 'a change');
is(cv('tier', 'show', 't')->{out}, "id              t\n"
   . qq(limits          {"minute":60,"month":null}\nprice cents     0\n)
   . qq(features        ["search"]\n), 'for people');
is(cv('tier', 'list')->{out}, qq(t  {"minute":60,"month":null}  0  -  ["search"]\n),
   'list');
misused(cv('tier', 'set', 't', '--limits', '{"week":1}'),
        qr/member "limits" must be an object of minute, hour, day and month, /,
        'an unknown limit');
misused(cv('tier', 'set', 't', '--price-cents', '-1'),
        qr/member "price_cents" must be a whole number, 0 or more; /, 'a price');

done_ok(run({ in => '{"kind":"key","id":"k1","key":"a_live_' . 'x' x 28 . 'abcd",'
              . qq("owner":"O","tier":"t","issuer":"other"}\n)
              . '{"kind":"key","id":"k2","key_sha256":"' . '0' x 64
              . qq(","status":"revoked"}\n) },
            '--store', $store, 'import', '-'), 'keys');
is(cv('key', 'list')->{out}, "k1  O  t  -        a_live_  abcd\n"
   . "k2  -  -  revoked  -        -\n", 'list');
is(cv('key', 'list', '--issuer', 'other')->{out}, "k1  O  t  -  a_live_  abcd\n",
   'of one issuer');
like(cv('key', 'show', 'k1')->{out}, qr/^id +k1\nprefix +a_live_\n/m, 'show');
fails(cv($_, 'show', 'nothing'), qq($_ show: there is no $_ "nothing"),
      "no such $_") for qw(tier key);


# Webhooks are told of all that shows what was changed of a holder

{
    my @credentials = map {
        qq({"kind":"credential","id":"$_","class":"c","holder":"h",)
        . qq("status":"issued"})
    } 'a' .. 'c';
    my $told = load($ISSUER, $CLASS, $HOLDER,
                    '{"kind":"holder","id":"o","name":"Other"}', @credentials,
                    '{"kind":"credential","id":"d","class":"c","holder":"o",'
                    . '"status":"issued"}');
    my $set = sub { run('--store', $told, 'holder', 'set', @_) };
    my $waiting = sub {
        my ($id) = @_;
        my $r = run('--store', $told, 'webhook', 'show', $id, '--json');
        return (json_lines($r->{out}))[0]{waiting};
    };

    run('--store', $told, 'webhook', 'add', 'all', '--url', 'https://w.example/');
    run('--store', $told, 'webhook', 'add', 'updated', '--url',
        'https://w.example/', '--event', 'credential.updated');

    for (['name', 'New'], ['display_name', 'N'], ['email', 'n@mail.example'],
         ['organization', 'House'], ['wallet', 'purse'], ['name', ''])
    {
        my ($member, $value) = @$_;
        (my $option = "--$member=$value") =~ tr/_/-/;
        my $before = $waiting->('updated');
        done_ok($set->('h', $option), $option);
        is($waiting->('updated') - $before, 3, 'is told of each of its own');
    }

    is($waiting->('all'), $waiting->('updated'), 'and nothing else');
    my $before = $waiting->('all');
    done_ok($set->('h', '--display-name', 'N'), 'what is so already');
    done_ok($set->('new', '--name', 'N'), 'a holder without credentials');
    run({ in => '{"kind":"holder","id":"h","name":"Imported"}' . "\n" },
        '--store', $told, 'import', '-');
    is($waiting->('all'), $before, 'is not told, nor is an import');
    for my $more (3, 0) {
        run({ in => '{"kind":"holder","id":"h","name":"Told"}' . "\n" },
            '--store', $told, 'import', '--emit-events', '-');
        $before += $more;
        is($waiting->('all'), $before, 'unless it emits events, once');
    }
    done_ok($set->('h', '--name', 'New'), 'one by one');
    is($waiting->('all'), $before + 3, 'is told');
    done_ok(run('--store', $told, 'check'), 'a whole store');
}


# A webhook gets a secret that is shown once

my $SECRET = qr{whsec_[A-Za-z0-9+/]{43}=};
$r = cv('webhook', 'add', 'w', '--url', 'https://w.example/', '--event', 'token.created');
done_ok($r, 'a webhook');
like($r->{out}, qr/\Aid +w\nurl +https:\S+\nevents +\["token.created"\]\nsecret +$SECRET\n\nThe secret /,
     'shown');
my ($secret) = $r->{out} =~ /($SECRET)/;
like(cv('export', '--kind', 'webhook', '--secrets')->{out}, qr/"secret":"\Q$secret\E"/,
     'the one that is kept');
my ($second) = json_lines(cv('webhook', 'add', 'v', '--url', 'http://v', '--json')->{out});
like($second->{secret}, qr/\A$SECRET\z/, 'as JSON');
isnt($second->{secret}, $secret, 'another one');
is(cv('webhook', 'list')->{out}, "w  active  0  -  0  https://w.example/  -\n"
   . "v  active  0  -  0  http://v            -\n", 'list');
$r = cv('webhook', 'add', 'p', '--type', 'purge', '--url', 'http://p/{key}');
done_ok($r, 'a cache');
is($r->{out}, "id              p\nurl             http://p/{key}\ntype            purge\n",
   'has none, and is told of none');
unlike(cv('export', '--kind', 'webhook', '--secrets')->{out}, qr/"id":"p"[^\n]*whsec_/, 'nor has the store');
fails(cv('webhook', 'rotate', 'p'), 'webhook rotate: webhook "p" is of type purge: nothing that '
      . 'is sent to it is signed', 'nor another one');
done_ok(cv('webhook', 'remove', 'p'), 'it goes');
fails(cv('webhook', 'add', 'w', '--url', 'https://w.example/'),
      'webhook add: there is a webhook "w" already', 'a known id');
misused(cv('webhook', 'add', 'u'), qr/member "url" is required; /, 'no URL');
misused(cv('webhook', 'add', 'u', '--url', 'w.example'),
        qr/member "url" must be an http or https URL; /, 'another');


# On a terminal the columns have names

SKIP: {
    skip 'no script', 1 if system('command -v script >/dev/null');

    my $headed = load($ISSUER, $CLASS, '{"kind":"holder","id":"someone","name":"N"}',
        '{"kind":"credential","id":"x","class":"c","holder":"someone","status":"issued"}',
        map { '{"kind":"token","credential":"x","created_at":"2026-01-01","token_sha256":"'
              . $_ x 64 . '"' . (/1/ ? ',"privacy":"masked"}' : '}') } 1, 2);
    my $shown = sub {
        my $out = temp();
        system("script -qec \"'$BINARY' --store '$headed' @_\" /dev/null "
               . ">$out 2>&1 </dev/null");
        return read_file($out) =~ s/\r//gr;
    };

    is($shown->('holder', 'list'), "ID       NAME  DISPLAY NAME  ORGANIZATION\n"
       . "someone  N     -             -\n", 'of holders');
    is($shown->('class', 'list'), "ID  ISSUER  TITLE\nc   i       Class\n", 'of classes');
    is($shown->('token', 'list', 'x') =~ s/cv-[0-9a-f]{16}$/TAG/mgr,
       'TOKEN SHA256' . ' ' x 54 . "PRIVACY  CREATED AT  EXPIRES AT  CACHE TAG\n"
       . '1' x 64 . "  masked   2026-01-01  -           TAG\n"
       . '2' x 64 . "  -        2026-01-01  -           TAG\n", 'of tokens');
    is($shown->('tier', 'list'), '', 'of nothing');
    unlike($shown->('holder', 'list', '--json'), qr/NAME/, 'none of JSON');
    is(run('--store', $headed, 'class', 'list')->{out}, "c  i  Class\n",
       'nor where a program reads');
}


# holders by their address

{
    my $people = load(map { '{"kind":"holder","id":"p' . $_->[0] . '"'
                            . ($_->[1] ? ',"email":"' . $_->[1] . '"' : '') . '}' }
                      [1, 'jo@mail.example'], [2, 'Jo@Mail.Example'],
                      [3, 'jo@mail.example.org'], [4]);
    my $with = sub {
        my $r = run('--store', $people, 'holder', 'list', '--json', '--email', @_);
        return join ' ', map { $_->{id} } json_lines($r->{out});
    };

    is($with->('JO@mail.example'), 'p1 p2', 'whoever has an address');
    is($with->('jo@mail.example', '--limit', 1), 'p1', 'no more than one of them');
    is($with->('nobody@mail.example'), '', 'nobody has');
    is($with->(''), '', 'none is no address');
}


# stats

$r = cv('stats');
done_ok($r, 'stats');
like($r->{out}, qr/^issuer +2$/m, 'for people');
my ($stats) = json_lines(cv('stats', '--json')->{out});
is("@$stats{qw(issuer class holder credential token tier key progress oauth_client
               webhook sequence)}", '2 2 2 0 0 1 2 0 0 2 0', 'counts');
like($stats->{uuid}, qr/\A[0-9a-f]{32}\z/, 'uuid');
like($stats->{changed_at}, qr/\A\d{4}-\d\d-\d\dT[\d:.]+Z\z/, 'last change');
cmp_ok($stats->{map_used}, '<', $stats->{map_size}, 'sizes');
is((json_lines(run('--store', init_store(), 'stats', '--json')->{out}))[0]
   {changed_at}, undef, 'nothing changed yet');


# A change that changes nothing leaves no trace

my $changes = $stats->{last_change};
cv('issuer', 'set', 'i', '--name', 'Issuer');
is((json_lines(cv('stats', '--json')->{out}))[0]{last_change}, $changes,
   'no change was logged');

done_ok(cv('check'), 'the store is whole');

done_testing();
