# credverify openbadges inspect: what a badge says, and what the store does

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";

use Compress::Zlib qw(compress crc32);
use Digest::SHA qw(sha256_hex);
use Encode qw(encode_utf8);
use JSON::PP;
use MIME::Base64 qw(encode_base64 encode_base64url);
use Test::More;
use CredverifyTool;
use Png;

my $BASE = 'https://b.example/api/';
my $JO = 'jo@mail.example';

my $class = '"issuer":"i","title":"T","description":"D","image":"https://i.example/i.png","criteria":{"narrative":"N"}';

sub credential {
    my ($id, $more, %of) = @_;
    my $class = $of{class} // 'a b';
    my $holder = $of{holder} // 'jo';
    return (qq({"kind":"credential","id":"x-$id","class":"$class","holder":"$holder",$more}),
            qq({"kind":"assertion","credential":"x-$id","id":"$id","salt":"salt-$id"}));
}

my $issued = '"status":"issued","issued_at":"2026-01-05"';

my $store = load(
    '{"kind":"issuer","id":"i","name":"I","url":"https://i.example","email":"e@i.example"}',
    '{"kind":"issuer","id":"j","name":"J"}',
    qq({"kind":"class","id":"a b",$class}),
    '{"kind":"class","id":"bare","issuer":"i","title":"Bare"}',
    '{"kind":"class","id":"theirs","issuer":"j","title":"Theirs"}',
    qq({"kind":"class","id":"drawn",$class}) =~ s/"image":"[^"]*",//r,
    '{"kind":"image","class":"drawn","data":"'
        . encode_base64('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><path d="M0 0h9v9z"/></svg>', '') . '"}',
    qq({"kind":"class","id":"dotted",$class}) =~ s/"image":"[^"]*",//r,
    '{"kind":"image","class":"dotted","data":"' . encode_base64(Png::make(16, 16), '') . '"}',
    qq({"kind":"holder","id":"jo","name":"Jo","email":"$JO"}),
    '{"kind":"holder","id":"n","name":"No Mail"}',
    credential('aa01', "$issued," . '"expires_at":"2099-01-04","narrative":"\u65e5 \u001b[31m","evidence":["https://e.example"]'),
    credential('aa02', '"status":"claimed","issued_at":"2026-01-05T10:00:00+02:00","expires_at":"2026-01-06"'),
    credential('aa03', '"status":"revoked","issued_at":"2026-01-05","revoked_at":"2026-02-03T04:05:06Z"'),
    credential('aa04', '"status":"refunded","issued_at":"2026-01-05"'),
    credential('aa05', '"status":"pending","issued_at":"2026-01-05"'),
    credential('aa06', '"status":"draft","issued_at":"2026-01-05"'),
    credential('aa07', "$issued," . '"test":true'),
    credential('aa08', "$issued," . '"expires_at":"2026-02-04"'),
    credential('aa09', $issued, holder => 'n'),
    credential('aa10', $issued, class => 'bare'),
    credential('aa11', $issued, class => 'theirs'),
    credential('aa12', '"status":"revoked","issued_at":"2026-01-05"'),
    credential('aa13', $issued, class => 'drawn'),
    credential('aa14', $issued, class => 'dotted'),
);

my $json = JSON::PP->new->utf8->canonical;

# an assertion of the site, as the store would have it, but for some members

sub assertion {
    my ($id, %with) = @_;
    my $site = delete $with{site} // $BASE;
    my $class = delete $with{class} // 'a%20b';
    my $salt = "salt-$id";

    my %assertion = (
        '@context' => 'https://w3id.org/openbadges/v2', type => 'Assertion',
        id => "${site}assertion/$id.json", badge => "${site}class/$class.json",
        recipient => { type => 'email', hashed => JSON::PP::true, salt => $salt,
                       identity => 'sha256$' . sha256_hex("$JO$salt") },
        verification => { type => 'HostedBadge' }, issuedOn => '2026-01-05T00:00:00Z',
    );

    @assertion{keys %with} = values %with;
    delete @assertion{grep { !defined $assertion{$_} } keys %assertion};

    return $json->encode(\%assertion);
}

sub inspect {
    my ($content, @options) = @_;
    return run('--store', $store, 'openbadges', 'inspect', write_file($content), @options);
}

# the answer for programs, with the exit status, which says nothing else

sub answer {
    my ($content, @options) = @_;
    my $r = inspect($content, @options, '--json');
    is($r->{err}, '', 'nothing went wrong');
    my $answer = eval { $json->decode($r->{out}) } // {};
    $answer->{status} = $r->{status};
    return $answer;
}

sub good {
    my ($content, $name, @options) = @_;
    my $answer = answer($content, @options);
    is_deeply([ @$answer{qw(status why altered)}, map { 0 + $answer->{$_} } qw(genuine good) ],
              [ 0, [], [], 1, 1 ], "$name: genuine and good");
    return $answer;
}

sub altered {
    my ($content, @options) = @_;
    my $answer = answer($content, @options);
    is("$answer->{status} " . (0 + $answer->{genuine}), '1 0', 'not genuine');
    return join ' ', map { $_->{member} } @{ $answer->{altered} };
}

my %full = (expires => '2099-01-05T00:00:00Z', narrative => "\x{65e5} \e[31m",
            evidence => ['https://e.example']);
my $hosted = assertion('aa01', %full);


# as JSON

my $answer = good($hosted, 'JSON');
is_deeply($answer->{assertion}, $json->decode($hosted), 'all of it is shown');
is("@$answer{qw(file form signature site credential class issuer holder verdict)}",
   "text hosted none $BASE x-aa01 a b i jo valid", 'with what it is');
is($answer->{recipient}, undef, 'of a recipient nobody asked for');

good("\n$hosted\r\n", 'with line ends around it');
good(assertion('aa13', class => 'drawn', image => "${BASE}assertion/aa13.svg"), 'of a class with an image of its own');
good(assertion('aa02', issuedOn => '2026-01-05T08:00:00Z'), 'a claimed one does not expire');
good(uc($hosted) =~ /AA01/ ? $hosted : '', 'the same', '--base', 'https://b.example/api');
good($hosted, 'where it should be', "--base=$BASE");
is(altered($hosted, '--base', 'https://b.example/'), 'id', 'and where it should not');

my $r = run({ in => $hosted }, '--store', $store, 'openbadges', 'inspect', '-');
done_ok($r, 'standard input');
is($r->{out} =~ s/\n\n.*//sr, JSON::PP->new->utf8->canonical->indent->indent_length(2)->space_after
   ->encode($json->decode($hosted)) =~ s/\n\z//r =~ s/\\u001b/\\u001b/gr, 'pretty');
like($r->{out}, qr/\nverdict +valid\ngenuine +true\ngood +true\n\z/, 'the store has the last word');


# who it is for

is(good($hosted, 'for whom it is', '--email', $JO)->{recipient}, 'the same', 'which is said');

$r = answer($hosted, '--email', uc $JO);
is("@$r{qw(status recipient)}", '1 another', 'not to another one');
is("$r->{genuine} $r->{good}", '1 1', 'though it is good');

my $md5 = { type => 'email', hashed => JSON::PP::true, salt => 'salt-aa01', identity => 'md5$' . '0' x 32 };
is(answer(assertion('aa01', %full, recipient => $md5), '--email', $JO)->{recipient}, 'unclear', 'by MD5');


# why it is not good

for (['aa03', 'revoked', 'revoked on 2026-02-03T04:05:06Z'],
     ['aa04', 'refunded', 'it is refunded'], ['aa05', 'pending', 'it is pending'],
     ['aa06', 'not_found', 'it is a draft'], ['aa07', 'valid', 'it is a test credential'],
     ['aa08', 'expired', 'expired on 2026-02-05T00:00:00Z', expires => '2026-02-05T00:00:00Z'],
     ['aa10', 'valid', 'class bare: no Open Badge, it has no "description"', class => 'bare'],
     ['aa11', 'valid', 'issuer j: no Open Badge, it has no "url" that is an http or https URL',
      class => 'theirs'],
     ['aa12', 'revoked', 'revoked'])
{
    my ($id, $verdict, $why, @with) = @$_;
    my $badge = assertion($id, @with);
    my $answer = answer($badge);

    is("$answer->{status} $answer->{verdict} @{$answer->{why}}", "1 $verdict $why", "$id: $why");
    is_deeply([ $answer->{altered}, 0 + $answer->{genuine}, 0 + $answer->{good} ], [ [], 1, 0 ],
              'genuine, but not good');

    my $r = inspect($badge);
    is($r->{status}, 1, 'status');
    like($r->{out}, qr/^verdict +$verdict\nwhy +\Q$why\E\ngenuine +true\ngood +false\n\z/m, 'for people');
}

$answer = answer(assertion('aa09'));
is_deeply($answer->{why}, [ 'credential x-aa09: no Open Badge, it has a holder without an "email" that is an address' ],
          'a holder without an address');
is_deeply($answer->{altered}, [ { member => 'recipient', store => undef } ], 'who can be nobody');

$answer = answer(assertion('bb01'));
is("$answer->{status} @{$answer->{why}}", '1 this store has no such assertion', 'unknown');
is_deeply([ @$answer{qw(verdict credential altered)} ], [ undef, undef, [] ], 'of which nothing is known');

$answer = answer('{}');
is("$answer->{status} @{$answer->{why}}", '1 this store has no such assertion', 'nothing at all');

$answer = answer(qq({"\@context":"https://w3id.org/openbadges/v2","id":"${BASE}assertion/aa03.json","revoked":true}));
is_deeply([ $answer->{status}, $answer->{altered}, @{$answer->{why}} ],
          [ 1, [], 'revoked on 2026-02-03T04:05:06Z' ], 'what is left of a revoked one');


# what was altered

for (['@context', undef], ['type', 'Endorsement'], ['id', 'https://b.example/x/aa01.json'],
     ['recipient', $md5], ['badge', "${BASE}class/bare.json"], ['badge', { id => "${BASE}class/a%20b.json" }],
     ['image', 'https://evil.example/i.png'], ['verification', { type => 'SignedBadge' }],
     ['issuedOn', '2025-01-05T00:00:00Z'], ['expires', undef], ['expires', '2100-01-05T00:00:00Z'],
     ['narrative', 'Summa cum laude'], ['evidence', ['https://evil.example']], ['revoked', JSON::PP::true])
{
    my ($member, $value) = @$_;
    is(altered(assertion('aa01', %full, $member => $value)), $member, "another $member");
}

$answer = answer(assertion('aa01', %full, expires => '2100-01-05T00:00:00Z'));
is_deeply($answer->{altered}, [ { member => 'expires', store => '2099-01-05T00:00:00Z' } ], 'what the store has');
like(inspect(assertion('aa01', %full, expires => '2100-01-05T00:00:00Z'))->{out},
     qr/^altered +expires, here 2099-01-05T00:00:00Z$/m, 'for people');

# a picture is where it is of the class's type, and of none is nowhere

is_deeply(answer(assertion(@$_[0, 1, 2], image => 'https://evil.example/i.png'))->{altered},
          [ { member => 'image', store => $_->[3] } ], "a picture elsewhere: @$_[0, 1, 2]")
    for ['aa13', class => 'drawn', "${BASE}assertion/aa13.svg"], ['aa14', class => 'dotted', "${BASE}assertion/aa14.png"],
        ['aa08', expires => '2026-02-05T00:00:00Z', undef];

for my $type ('svg', 'png') {
    good(assertion('aa13', class => 'drawn', image => "${BASE}assertion/aa13.$type"), "an SVG as .$type");
    good(assertion('aa14', class => 'dotted', image => "${BASE}assertion/aa14.$type"), "a PNG as .$type");
}

is(good(assertion('aa01', %full, grade => 'A', 'x:y' => [1]), 'more')->{unchecked}[1], 'x:y',
   'members that nobody compares are named');
unlike(inspect($hosted)->{out}, qr/unchecked/, 'if there are any');


# in images: chunks and elements of our own making

sub chunk {
    my ($type, $data) = @_;
    return pack('N', length $data) . $type . $data . pack('N', crc32($type . $data));
}

sub png {
    my @chunks = @_;
    return "\x89PNG\r\n\x1a\n" . chunk('IHDR', pack('NNC5', 1, 1, 8, 0, 0, 0, 0)) . join('', @chunks)
        . chunk('IDAT', compress("\0\0")) . chunk('IEND', '');
}

sub itxt { return chunk('iTXt', "openbadges\0\0\0\0\0$_[0]") }

sub svg {
    my ($verify, $content) = @_;
    return '<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="http://openbadges.org">'
        . qq(<openbadges:assertion verify="$verify">$content</openbadges:assertion></svg>);
}

my $id = "${BASE}assertion/aa01.json";

is(good(png(itxt($hosted)), 'PNG')->{file}, 'png', 'which it is');
good(png(chunk('iTXt', "openbadges\0\1\0\0\0" . compress($hosted))), 'PNG, compressed');
is(good(svg($id, "<![CDATA[$hosted]]>"), 'SVG')->{file}, 'svg', 'which it is');
is(altered(svg('https://evil.example/aa01.json', "<![CDATA[$hosted]]>")), 'verify', 'two URLs in an SVG');
is(good(png(chunk('tEXt', "openbadges\0$id")), 'a URL')->{form}, 'linked', 'which is all it says');
is(altered(png(chunk('tEXt', "openbadges\0$id")), '--base', 'https://c.example'), 'id', 'and may be another');


# signed

my $key = temp();
my $made = decode_json(run('openbadges', 'keygen', $key, '--json')->{out});
done_ok(run('openbadges', 'keygen', "$key.other"), 'another key');

my $site = "${BASE}key/$made->{id}/";
my @signed = (site => $site, id => "${site}assertion/aa01.jws",
              verification => { type => 'SignedBadge', creator => "${site}key.json" });

sub jws {
    my ($payload, %with) = @_;
    my $text = encode_base64url($with{header} // '{"alg":"RS256"}') . '.' . encode_base64url($payload);
    my $signature = temp();

    system('openssl', 'dgst', '-sha256', '-sign', $with{key} // $key, '-out', $signature, write_file($text)) == 0
        or die "openssl: $?\n";

    return "$text." . encode_base64url(read_file($signature));
}

my $signed = assertion('aa01', %full, @signed);
my $jws = jws($signed);

for my $file ("$key.pub", $key) {
    my $answer = good($jws, 'signed', '--key', $file);
    is("@$answer{qw(file form signature site)}", "text signed good $site", 'which is said');
}

good("$jws\n", 'with a line end', '--key', $key, '--base', $BASE);
good(png(itxt($jws)), 'in a PNG', '--key', $key);
good(svg($jws, ''), 'in an SVG', '--key', $key);
good(jws($signed, header => qq({"kid":"${site}key.json","alg":"RS256","typ":"JWS"})), 'with more in its header',
     '--key', $key);

$answer = answer($jws);
is("@$answer{qw(status signature verdict good)} @{$answer->{altered}}" . (0 + $answer->{genuine}),
   '1 not checked valid 1 0', 'without a key nobody knows whether it is genuine');
like(inspect($jws)->{out}, qr/^signature +not checked$/m, 'for people');

$answer = answer($jws, '--key', "$key.other");
is("$answer->{status} $answer->{signature} " . (0 + $answer->{genuine}), '1 wrong 0', 'another key');

# which of several keys, and which it would have been

done_ok(run('openbadges', 'keygen', "$key.third"), 'a third key');

my $named = jws($signed, header => qq({"kid":"${site}key.json","alg":"RS256"}));
my @others = map { ('--key', $_) } "$key.other", "$key.third.pub";

good($_, 'one of several keys', @others, '--key', "$key.pub") for $jws, $named;
good($named, 'the first of several', '--key', "$key.pub", @others);

for my $kid ("${site}key.json", $made->{id}) {
    $answer = answer(jws($signed, header => qq({"kid":"$kid","alg":"RS256"})), @others);
    is_deeply([ @$answer{qw(status signature why altered)}, 0 + $answer->{genuine}, 0 + $answer->{good} ],
              [ 1, 'another key', ["signed by another key: $made->{id}"], [], 0, 1 ], "none of several: $kid");
}

like(inspect($named, @others)->{out}, qr/^signature +another key\n.*^why +signed by another key: \Q$made->{id}\E$/ms, 'for people');

$answer = answer(jws($signed, header => '{"kid":"https://evil.example/key.json","alg":"RS256"}'), @others);
is("@{$answer->{why}}|" . join('', map { $_->{member} } @{$answer->{altered}}),
   'signed by another key: https://evil.example/key.json|id', 'a key of another site');

$answer = answer(jws($signed, header => '{"kid":"' . 'x' x 5000 . '","alg":"RS256"}'), @others);
is("$answer->{signature} @{$answer->{why}}" . (0 + $answer->{genuine}), 'wrong 0', 'a name that no key has');

for my $name ("${site}key.json", $made->{id}) {
    my @of = split /\./, jws($signed, header => qq({"kid":"$name","alg":"RS256"}), key => "$key.other");
    $answer = answer(join('.', @of), @others[2, 3], '--key', $key);
    is("$answer->{signature} @{$answer->{why}}", 'wrong ', "a forgery in the name of a key that was given: $name");
}

fails(run('--store', $store, 'openbadges', 'inspect', write_file($named), '--key', $key, '--key', '/nonexistent/k'),
      'openbadges inspect: --key: /nonexistent/k: No such file or directory', 'the second of two');

my $forged = assertion('aa01', %full, @signed, narrative => 'Summa cum laude');
my @parts = split /\./, $jws;
$answer = answer("$parts[0]." . encode_base64url($forged) . ".$parts[2]", '--key', $key);
is("$answer->{status} $answer->{signature} " . (0 + $answer->{genuine}), '1 wrong 0', 'another payload');

is(altered(jws($hosted), '--key', $key), 'id verification', 'a hosted one that is signed');
is(altered($signed, '--key', $key), 'id verification', 'one that says so, and is not');
is(altered(jws(assertion('aa01', %full, @signed, id => $id)), '--key', $key), 'id', 'of two sites');
is(altered(jws($signed, key => "$key.other"), '--key', "$key.other"), 'id', 'a good key, but not that of the site');

$answer = answer($hosted, '--key', $key);
is("$answer->{status} $answer->{signature} " . (0 + $answer->{genuine}), '1 none 0', 'a key, and no signature');


# whoever has made it has no say on this terminal

my $nasty = "\e]0;x\a\e[2J\r\x9b31m\x{202e}\x{2066}\x{61c}\x{7f}\x{85}\0" =~ s/\0//r . "\n";
my $hostile = assertion('aa01', %full, narrative => $nasty, "x$nasty" => [ { $nasty => $nasty } ], id => "https://$nasty/assertion/aa01.json");

for my $file ($hostile, png(itxt($hostile)), svg('', "<![CDATA[$hostile]]>")) {
    my $r = inspect($file);
    is($r->{status}, 1, 'a hostile one');
    my $text = Encode::decode_utf8($r->{out} . $r->{err});
    unlike($text, qr/[^\n\x20-\x7e\x{a0}-\x{61b}\x{61d}-\x{200d}\x{2010}-\x{2029}\x{202f}-\x{2065}\x{206a}-\x{10ffff}]/,
           'shows no control');
    unlike($text, qr/^genuine +true/m, 'nor makes it a line');
}

like(inspect($hostile)->{out}, qr/"narrative": "\\u001b\]0;x\\u0007\\u001b\[2J\\u000d\\u009b31m\\u202e\\u2066\\u061c\\u007f\\u0085\\n"/,
     'but says what there is');

my $lines = assertion('aa01', %full, narrative => "\n\nverdict         valid\ngenuine         true\n");
is(() = inspect($lines)->{out} =~ /^genuine/mg, 1, 'one verdict');


# what is no badge

sub refused {
    my ($content, $why, $name) = @_;
    my $r = inspect($content);
    is("$r->{status} $r->{out}", '1 ', "$name: status, and nothing else");
    like($r->{err}, qr/\Acredverify: openbadges inspect: [^ ]+: $why[^\n]*\n\z/, 'why');
}

refused('', 'it is empty', 'nothing');
refused("\xff\xfe", 'it is neither PNG nor SVG, nor is it text in UTF-8', 'bytes');
refused('GIF89a', 'it is no assertion, neither JSON nor signed: ', 'another image');
refused('[]', 'it is no assertion, neither JSON nor signed: ', 'an array');
refused('{', 'its assertion is no JSON: ', 'half of it');
refused('{"a":1,"a":2}', 'its assertion is no JSON: ', 'a member twice');
refused('[' x 100 . ']' x 100, 'it is no assertion', 'nested');
refused('{"a":' . '[' x 100 . ']' x 100 . '}', 'its assertion is no JSON: ', 'nested');
refused('{' . ' ' x (1 << 20) . '}', 'it is no image, and has more than 1048576 bytes', 'long');
refused('x' x (8 * 1024 * 1024 + 1), 'it has more than 8388608 bytes', 'longer');
refused(png(), 'it has no assertion baked in', 'a PNG');
refused('<svg xmlns="http://www.w3.org/2000/svg"/>', 'it has no assertion baked in', 'an SVG');
refused(png(itxt($hosted), itxt($hosted)), 'it has more than one assertion baked in', 'two');
refused(png(itxt($hosted) =~ s/.\z/\0/sr), 'the checksum ', 'a damaged one');
refused(png(chunk('iTXt', "openbadges\0\1\0\0\0" . compress('{' . ' ' x (64 << 20) . '}'))),
        'what is baked in has more than 1048576 bytes', 'a bomb');
refused(substr(png(itxt($hosted)), 0, 60), '', 'cut');
refused('<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' . svg($id, '&a;'), '', 'an entity');
refused(png(itxt("$jws\n")), 'it is no assertion', 'a line end that is baked in');
refused(jws($signed, header => '{"alg":"none"}'), 'it is no assertion, neither JSON nor signed: ', 'no algorithm');
refused(jws('[]'), 'its assertion is no object', 'an array that is signed');

fails(run('--store', $store, 'openbadges', 'inspect', '/nonexistent/x'),
      'openbadges inspect: /nonexistent/x: No such file or directory', 'no file');
fails(run('--store', $store, 'openbadges', 'inspect', '/'), 'openbadges inspect: /: Is a directory', 'a directory');

my $file = write_file($jws);
fails(run('--store', $store, 'openbadges', 'inspect', $file, '--key', '/nonexistent/k'),
      'openbadges inspect: --key: /nonexistent/k: No such file or directory', 'no key');
chmod 0644, $key;
fails(run('--store', $store, 'openbadges', 'inspect', $file, '--key', $key), qr/chmod 600/, 'a key for all to read');
fails(run('--store', temp(), 'openbadges', 'inspect', $file), qr/: openbadges inspect: /, 'no store, no verdict');
misused(run('--store', $store, 'openbadges', 'inspect'),
        'openbadges inspect: FILE|- is expected; see "credverify help openbadges inspect"', 'no file');
misused(run('--store', $store, 'openbadges', 'inspect', $file, '--email', "\xff"), qr/--email: no valid UTF-8/, 'no text');
misused(run('--store', $store, 'openbadges', 'inspect', $file, '--base', 'x' x 2000), qr/--base: /, 'no base');

done_testing();
