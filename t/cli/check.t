# credverify check: what is no Open Badge, and why

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use JSON::PP;
use MIME::Base64 qw(encode_base64);
use Test::More;
use CredverifyTool;

my $EMAIL = 'no "email" that is an address';
my $TEXT  = 'no "description"';
my $DATE  = 'no "issued_at"';
my $FUTURE = 'an "issued_at" in the future, and validators refuse it until then';
my $MAIL  = 'a holder without an "email" that is an address';

my $badge = '"title":"T","description":"D","image":"https://i.example/i.png","criteria":{"narrative":"N"}';

sub issuer {
    my ($id, $more) = @_;
    return qq({"kind":"issuer","id":"$id","name":"Issuer","url":"https://i.example"$more});
}

sub class {
    my ($id, $issuer, $more) = @_;
    return qq({"kind":"class","id":"$id","issuer":"$issuer",$more});
}

sub credential {
    my ($id, $class, $holder, $more) = @_;
    return qq({"kind":"credential","id":"$id","class":"$class","holder":"$holder",$more});
}

my @good = (issuer('i', ',"email":"e@i.example"'), class('c', 'i', $badge),
            '{"kind":"holder","id":"h","name":"Holder","email":"h@h.example"}',
            credential('x', 'c', 'h', '"status":"issued","issued_at":"2026-01-05"'));

sub check {
    my ($store, @options) = @_;
    return run('--store', $store, 'check', @options);
}

# the lines that are notes, without the word

sub notes {
    my ($store) = @_;
    my $r = check($store);
    done_ok($r, 'which is no problem');
    return [ map { /^note +(.*)$/ ? $1 : () } split /\n/, $r->{out} ];
}

sub notes_json {
    my ($store) = @_;
    my $r = check($store, '--json');
    done_ok($r, 'in JSON');
    return decode_json($r->{out})->{notes};
}

my $store = load(@good);
is_deeply(notes($store), [], 'all of it is');
is_deeply(notes_json($store), [], 'an empty list');
is_deeply(notes(init_store()), [], 'nothing at all is there');


# issuers and classes, each by name, and whatever the other lacks

$store = load(@good, issuer('j', ''), class('k', 'j', $badge), class('web', 'i', '"title":"Web"'),
              class("w\x{e2}\x{80}\x{ae}b", 'j', '"title":"Web"'),
              credential('y', 'k', 'h', '"status":"issued"'),
              credential('z', 'web', 'h', '"status":"issued"'));

is_deeply(notes($store), [ "issuer j: no Open Badge, it has $EMAIL",
                           "class web: no Open Badge, it has $TEXT",
                           "class w?b: no Open Badge, it has $TEXT" ],
          'an issuer and classes, whose credentials are for later');

is_deeply(notes_json($store), [
    { kind => 'issuer', count => 1, lacks => $EMAIL, ids => ['j'] },
    { kind => 'class', count => 1, lacks => $TEXT, ids => ['web'] },
    { kind => 'class', count => 1, lacks => $TEXT, ids => ["w\x{202e}b"] },
], 'the same for programs');

my $r = check($store, '--no-openbadges');
done_ok($r, '--no-openbadges');
like($r->{out}, qr/\Aentries +\d+\nproblems +0\n\z/, 'leaves them out');
is(decode_json(check($store, '--no-openbadges', '--json')->{out})->{notes}, undef,
   'null: nobody looked');


# a picture of its own is one

my $svg = encode_base64('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><path d="M0 0h9v9z"/></svg>', '');
my $imageless = class('c', 'i', $badge =~ s/"image":"[^"]*",//r);

$store = load($good[0], $imageless);
like(notes($store)->[0], qr/^class c: no Open Badge, it has no image, /, 'a class without an image');
done_ok(run({ in => qq({"kind":"image","class":"c","data":"$svg"}) }, '--store', $store, 'import', '-'),
        'which gets a file');
is_deeply(notes($store), [], 'and is one');


# credentials: those that are issued, how many lack the same, and the first

$store = load(@good, '{"kind":"holder","id":"n","name":"No Mail"}',
              '{"kind":"holder","id":"gone","name":"Gone"}',
              credential('t1', 'c', 'n', '"status":"used","issued_at":"2026-01-05"'),
              credential('e1', 'c', 'h', '"status":"claimed","issued_at":"2026-01-05","evidence":["seen"]'),
              credential('e2', 'c', 'gone', '"status":"issued","issued_at":"2026-01-05"'),
              (map { credential("d$_", 'c', 'h', '"status":"issued"') } 1 .. 5),
              credential('f1', 'c', 'h', '"status":"issued","issued_at":"2999-01-05"'),
              credential('f2', 'c', 'h', '"status":"used","issued_at":"2999-01-05T10:11:12.345+02:00"'),
              credential('f3', 'c', 'n', '"status":"draft","issued_at":"2999-01-05"'),
              credential('f4', 'c', 'h', '"status":"revoked","issued_at":"2999-01-05"'),
              credential('p', 'c', 'n', '"status":"pending"'),
              credential('q', 'c', 'n', '"status":"draft"'),
              credential('r', 'c', 'n', '"status":"revoked"'),
              credential('s', 'c', 'n', '"status":"refunded"'));

done_ok(run('--store', $store, 'holder', 'erase', 'gone', '--yes'), 'who is erased');

my $other = '"evidence" that is neither an http or https URL nor an object with such an "id" '
          . 'or a "narrative"';

is_deeply(notes($store), [
    "credential t1: no Open Badge, it has $MAIL",
    "credential e1: no Open Badge, it has $other",
    "5 credentials: no Open Badges, each has $DATE: d1, d2, d3, d4, d5",
    "2 credentials: no Open Badges, each has $FUTURE: f1, f2",
], 'credentials, but for those of whom nothing can be known any more');

done_ok(run({ in => join "\n", map { credential("d$_", 'c', 'h', '"status":"issued"') } 6 .. 1000 },
            '--store', $store, 'import', '-'), 'more of them');

is(notes($store)->[2],
   "1000 credentials: no Open Badges, each has $DATE: d1, d2, d3, d4, d5 and 995 more",
   'are counted');

is_deeply(notes_json($store)->[2], { kind => 'credential', count => 1000, lacks => $DATE,
                                     ids => [qw(d1 d2 d3 d4 d5)] }, 'for programs, too');


# a store that has nothing to do with badges says little

$store = load((map { qq({"kind":"issuer","id":"i$_","name":"I"}) } 1 .. 30),
              (map { class("c$_", 'i1', '"title":"C"') } 1 .. 21), $HOLDER,
              map { credential("x$_", 'c1', 'h', '"status":"issued"') } 1 .. 50);

my $notes = notes($store);
is(@$notes, 42, 'so many notes at most');
is($notes->[19], 'issuer i20: no Open Badge, it has no "url" that is an http or https URL',
   'the first 20 issuers');
is($notes->[20], 'and 10 more issuers', 'and how many there are');
is($notes->[40], "class c20: no Open Badge, it has $TEXT", '20 classes');
is($notes->[41], 'and 1 more class', 'and one');
is_deeply(notes_json($store)->[20], { kind => 'issuer', count => 10, lacks => undef, ids => [] },
          'likewise');


# what is wrong comes first, and says nothing of badges

my $data = read_file("$store/data.mdb");
substr($data, index($data, 'i17'), 3) = 'i1x';
write_file($data, "$store/data.mdb");

$r = check($store, '--json');
is($r->{status}, 1, 'a damaged store');
like($r->{err}, qr/the store is damaged/, 'says so');
is(decode_json($r->{out})->{notes}, undef, 'and nothing else');

done_testing();
