# Open Badges as those who take them see them: the check of t/openbadges follows
# what this server says, and knows nothing else of it.
#
#   STORES=100 SEED=7     so many random stores instead of 10, and others

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Encode qw(encode_utf8);
use Compress::Zlib qw(compress crc32);
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use POSIX qw(strftime);
use Test::More;
use BadgeKeys;
use Credverify;
use CredverifyTool qw(run init_store);
use LiveNginx;
use OpenBadges;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $stores = $ENV{STORES} // 10;
my $seed = $ENV{SEED} // 1;
my $base = 'https://badges.example/ob/';
my $json = JSON::PP->new->canonical->utf8;

# Texts as people and their enemies have them: in all that a badge says

my @texts = grep { /\S/ } (map({ $_->[1] } @{$json->decode(CredverifyTool::read_file('t/data/names.json'))}),
    ']]>', ']]>]]><![CDATA[', '</openbadges:assertion>', '<!-- -->', '&amp;&lt;', '"quoted" \'too\'', '\\u0041\\',
    "a\nb\r\n\tc", "\x{7f}\x{80}\x{85}\x{2028}", "\x{10ffff}\x{fffe}", '${open_badge.id}', '$$', '{{class.title}}');

# Pictures of classes, and what such a one is called

sub chunk {
    my ($type, $data) = @_;
    return pack 'N a4 a* N', length $data, $type, $data, crc32("$type$data");
}

my %picture = (
    png => "\x89PNG\r\n\x1a\n" . chunk('IHDR', pack 'NNCCCCC', 16, 16, 8, 0, 0, 0, 0)
        . chunk('tEXt', "Title\0openbadges\0") . chunk('IDAT', compress("\0" x (16 * 17))) . chunk('IEND', ''),
    svg => encode_utf8("<?xml version='1.0' encoding='UTF-8'?>\r\n<!-- ]] <svg -->\n<svg xmlns='http://www.w3.org/2000/svg'\n\t"
        . "viewBox=\"0 0 99 99\" ><title>\"Ünïcode\" 東京 ]] &amp; &#x3c;svg&gt;</title>\n<rect width='99' height=\"9\"/></svg>\n<!-- -->\n"),
);

# What must be nowhere. It is of one case of letters, so that none can hide it.

my $hidden = 0;
my @secrets;

sub secret {
    push @secrets, sprintf 'zqs%04dx', $hidden++;
    return $secrets[-1];
}

# lines of a store, and what is to be said of each badge

my (@lines, @badges, @images);

sub line {
    my ($kind, %is) = @_;
    push @lines, { kind => $kind, %is };
}

# the key that signs, and the one that will

my @keys = map { BadgeKeys::key($_) } qw(one two);

my ($past, $future) = map { strftime('%Y-%m-%d', gmtime(time + 86400 * $_)) } -10, 10;

# status, expiry, whether it is for tests, and what is expected

my @kinds = (
    ['issued', undef, 0, 'valid'], ['issued', $future, 0, 'valid'], ['claimed', $past, 0, 'valid'],
    ['used', $past, 0, 'valid'], ['issued', $past, 0, 'expired'], ['revoked', undef, 0, 'revoked'],
    ['revoked', $past, 0, 'revoked'], ['refunded', undef, 0, 'revoked'], ['pending', undef, 0, 'missing'],
    ['draft', undef, 0, 'missing'], ['issued', undef, 1, 'missing'],
);

line('issuer', id => 'acme', name => 'Académie 東京 "A&B" ]]>', url => 'https://acme.example/?a=1&b=%C3%A9',
     email => 'badges@acme.example', description => $texts[-4], image => 'https://acme.example/l.png');
line('issuer', id => 'other', name => 'Other', url => 'https://other.example', email => 'a@other.example');

for my $n (0 .. $#texts) {
    my $text = $texts[$n];
    my $id = substr($text, 0, 60) =~ s/[\x00-\x1f\x7f]//gr =~ s{[./]}{_}gr . $n;

    line('class', id => $id, issuer => 'acme', title => $text, description => "$text d",
         image => 'https://acme.example/%20i.svg#x', tags => [$text, "t$n"],
         criteria => { narrative => $text, $n % 2 ? (url => "https://acme.example/c?n=$n") : () },
         alignment => [{ targetName => $text, targetUrl => 'https://t.example/', targetCode => "$n" }],
         category => secret(), number_format => secret() . '-{seq}');

    my ($picture) = (qw(svg png))[$n % 3];
    line('image', class => $id, data => encode_base64($picture{$picture}, '')) if $picture;

    # the first texts have all kinds, the others two

    for my $k (0 .. $#kinds) {
        next if $n > 3 && ($k + $n) % 6;
        my ($status, $expires, $test, $expect) = @{$kinds[$k]};
        my $name = "$n-$k";
        my $email = secret() . '@mail.example';
        my $assertion = sprintf '%032x', 1 << 20 | $n << 8 | $k;

        line('holder', id => secret(), email => $email, map { $_ => secret() } qw(name display_name organization wallet));
        line('credential', id => secret(), class => $id, holder => $lines[-1]{id}, status => $status,
             issued_at => $n % 2 ? '2026-01-05' : '2026-01-05T23:59:59.5+05:30', $expires ? (expires_at => $expires) : (),
             test => $test ? JSON::PP::true : JSON::PP::false, narrative => $text,
             evidence => [{ id => 'https://e.example/', narrative => $text }, 'https://e.example/2'],
             attributes => { note => secret() }, revocation_reason => secret(),
             map { $_ => secret() } qw(score number code public_id));
        line('assertion', id => $assertion, credential => $lines[-1]{id}, salt => sprintf '%032x', $n * 100 + $k);

        push @badges, { badge => "${base}assertion/$assertion.json", expect => $expect, note => "$status of $n",
                        manners => $n < 2 ? JSON::PP::true : JSON::PP::false,
                        $expect =~ /^(?:valid|expired)\z/ ? (recipient => $email) : () };

        # and as an image, if it has one, of whichever type; all of that signed as well, in
        # another place

        for my $site ('', "key/$keys[0]{id}/") {
            my $main = $site ? 'jws' : 'json';

            for my $type (qw(svg png), $site ? 'jws' : ()) {
                my $there = $type eq 'jws' || $picture;
                my %is = %{$badges[-1]};

                push @images, { %is, badge => "$base${site}assertion/$assertion.$type", note => "$is{note}, as $type",
                    $expect eq 'revoked' ? (id => "$base${site}assertion/$assertion.$main", manners => JSON::PP::false)
                    : $there ? () : (expect => 'missing') };
            }
        }
    }
}

push @badges, map { { badge => "$base$_", expect => 'missing' } }
    "assertion/$lines[-2]{id}.json", 'assertion/' . 'f' x 32 . '.json', 'class/none.json', 'none.json', '',
    'assertion/.json', 'assertion/', 'class/' . $lines[2]{id} . 'x.json';

my $store = Credverify::store(map { $json->encode($_) } @lines);

# A second store of what the first one exports, and an issuer's badges elsewhere

my $copy = init_store('--map-size', '64M');
my $exported = run('--store', $store, 'export')->{out};

is(run({ in => $exported }, '--store', $copy, 'import', '-')->{status}, 0, 'an export is imported');

my @random = map { random_store($_) } 1 .. $stores;
my $locations = join "\n", map {
    my $random = $_;
    map { "location /random/$random->{n}/$_/ {
        credverify_store $random->{store};
        credverify_issuers i$_;
        credverify_openbadges ${base}random/$random->{n}/$_/;
    }" } 0 .. $random->{issuers} - 1
} @random;

my $nginx = LiveNginx->start(workers => 2, main => 'thread_pool credverify threads=2;', server => "
    credverify_store $store;
    location /ob/ { credverify_issuers acme; credverify_openbadges $base; credverify_openbadges_key $keys[0]{private}; }
    location /copy/ { credverify_store $copy; credverify_issuers acme; credverify_openbadges $base; credverify_openbadges_key $keys[0]{private}; }
    location /other/ { credverify_issuers other; credverify_openbadges https://badges.example/other/; }
    $locations");
my $address = "http://127.0.0.1:$nginx->{port}/ob/";

OpenBadges::check($base, $address, [@badges, @images], map { ('--secret', $_) } @secrets);

# Ids are what the configuration says, whatever a request does; and a badge is the
# same wherever its store has come to

sub path {
    my ($badge, $below) = @_;
    return $badge->{badge} =~ s/^\Q$base\E/$below/r;
}

for my $badge (@badges[0 .. 9]) {
    my ($status, $body) = $nginx->get(path($badge, '/ob/'));

    for my $field ('Host: evil.example', 'X-Forwarded-Host: evil.example', 'Forwarded: host=evil.example;proto=http',
                   'X-Forwarded-Proto: http')
    {
        my @answer = $nginx->get(path($badge, '/ob/') . '?x=1&format=html', headers => [$field]);
        is("$answer[0] $answer[1]", "$status $body", "$badge->{note}: $field changes nothing") unless $field =~ /^Host/;
        unlike("$answer[1] $answer[2]", qr/evil/, "$badge->{note}: $field is not repeated");
    }
}

{
    my @unlike;

    for my $badge (@badges, @images, map { { badge => "$base$_" } } 'issuer.json',
                   map { my $class = $_; map { 'class/' . OpenBadges::segment($class->{id}) . ".$_" } qw(json svg png) }
                   grep { $_->{kind} eq 'class' } @lines)
    {
        my ($here, $there) = map { join "\n", ($nginx->get(path($badge, $_)))[0, 1] } '/ob/', '/copy/';
        push @unlike, "$badge->{badge}: $there" if $here ne $there;
    }

    is(join("\n", @unlike), '', 'a badge is the same after export and import');
}

# Types that are not of one answer do not share its ETag: a cache would give one for the other

{
    my ($json_tag, $ld_tag) = map { ($nginx->get('/ob/issuer.json', headers => ["Accept: application/$_"]))[2] =~ /^ETag: (\S+)/mi }
                              qw(json ld+json);
    my @statuses = map { my $tag = $_; map { ($nginx->get('/ob/issuer.json', headers => ["Accept: application/$_", "If-None-Match: $tag"]))[0] }
                         qw(json ld+json) } $json_tag, $ld_tag;

    is("@statuses", '304 200 200 304', 'each type has an ETag of its own');
}

is($nginx->status('/other/class/' . OpenBadges::segment($lines[2]{id}) . '.json'), 404, 'another issuer\'s class is not there');
is($nginx->status(path($badges[0], '/other/')), 404, 'nor are its assertions');

# What is signed has the very bytes of what is hosted, but for where it is

{
    my $site = "${base}key/$keys[0]{id}/";
    my @unlike;

    for my $badge (grep { $_->{expect} =~ /^(?:valid|expired)\z/ } @badges) {
        my $hosted = ($nginx->get(path($badge, '/ob/')))[1];
        my $jws = ($nginx->get(path($badge, "/ob/key/$keys[0]{id}/") =~ s/json\z/jws/r))[1];
        my $expected = $hosted =~ s{"id":"\Q$base\E(assertion/\w+\.)json"}{"id":"$site$1jws"}r
            =~ s{"badge":"\Q$base\E}{"badge":"$site}r
            =~ s{"verification":\{"type":"HostedBadge"\}}{"verification":{"type":"SignedBadge","creator":"${site}key.json"}}r;

        push @unlike, "$badge->{badge}: " . BadgeKeys::parts($jws)->{bytes} if BadgeKeys::parts($jws)->{bytes} ne $expected;
    }

    is(join("\n", @unlike), '', 'what is signed is what is hosted, byte for byte');
}

# What is taken back is so at once

my ($valid) = grep { $_->{expect} eq 'valid' } @badges;

{
    my ($id) = map { $_->{credential} } grep { $_->{kind} eq 'assertion' && index($valid->{badge}, $_->{id}) > 0 } @lines;

    is(run('--store', $store, 'credential', 'revoke', $id, '--reason', 'zqreason')->{status}, 0, 'one is revoked');
    OpenBadges::check($base, $address, [{ %$valid, expect => 'revoked', note => 'and is gone' }], '--secret', 'zqreason');
}

# Random stores: what is served is a badge, and what is not is what "check" names

sub pick { return $_[int rand @_] }

# One of these, or nothing

sub maybe {
    my ($name, @values) = @_;
    my $value = pick(undef, @values, @values);
    return defined $value ? ($name => $value) : ();
}

sub random_store {
    my ($n) = @_;

    srand $seed * 1000 + $n;

    my @urls = ('https://u.example', 'http://u.example:80/a%20b?c=d#e', 'HTTPS://U.EXAMPLE/', 'https://u.example/~a/(b)',
        'https://user@u.example/', 'https://[::1]/x', 'https://u.example', 'https://u.example/ok',
        pick('https://u.example/a b', 'https://u.example/é', '/relative', 'ftp://u.example/', 'https://', 'u.example', '',
             'https://u.example/%', 'https://u.example/<b>', 'https://u.example:x/', 'javascript:alert(1)', 'https://u_x.example/"'));
    my @texts = ('A text', 'Ünïcode 東京', ' x ', pick('', ' ', "\t\n", "\x{2003}", "\x{200b}", '0'));
    my @emails = ('a@b.example', 'É@ü.example', 'a+b@c', pick('', 'a', '@', 'a@', '@b', 'a b@c.example', "a\@b\nc", 'a@b@c'));
    # most are right but for one thing

    my @flaws = ([targetName => undef, 7, '', ' '], [targetUrl => undef, 7, @urls], [targetCode => undef, 7, ''],
        [targetFramework => undef, [], 'f'], [more => undef, 1, {}, { deep => [undef] }], ['@id' => 'https://x.example'],
        [type => 'AlignmentObject', 7, [], ''], [id => @urls, undef]);
    my $object = sub {
        my %is = (targetName => pick(@texts[0, 1]), targetUrl => $urls[1]);
        my ($name, @values) = @{pick(@flaws)};
        my $flaw = rand;

        delete $is{pick(sort keys %is)} if $flaw < 0.1;
        $is{$name} = pick(@values) if $flaw > 0.4;
        return \%is;
    };
    my $piece = sub {
        return pick(@urls, @urls, 'words', undef) if rand() < 0.2;
        my %is = pick([id => $urls[1]], [narrative => 'n'], [id => $urls[1], narrative => 'n'])->@*;
        my ($name, @values) = @{pick([id => @urls, undef, 'urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'urn:x:1'],
            [narrative => undef, 7, @texts], [name => undef, 7, ''], [genre => [1], 'g'], @flaws[4, 5])};
        $is{$name} = pick(@values) if rand() < 0.6;
        return \%is;
    };
    my $issuers = 3;
    my (@records, @assertions);

    for my $i (0 .. $issuers - 1) {
        my $good = $i == 0;
        push @records, { kind => 'issuer', id => "i$i", name => pick('Name', @texts) || 'n',
            $good ? (url => 'https://i.example', email => 'i@i.example')
                  : (maybe('url', @urls), maybe('email', @emails), maybe('description', @texts), maybe('image', @urls)) };
    }

    for my $c (0 .. 14) {
        push @records, { kind => 'class', id => "c$c" . pick('', ' x', '/é', '"', '%2F', '#?', '//x', '/../x'), issuer => 'i' . int rand $issuers,
            title => pick(@texts) || 't', $c < 4 ? (description => 'd', image => 'https://i.example/', criteria => { narrative => 'n' }, issuer => 'i0')
            : $c < 8 ? (description => 'd', image => 'https://i.example/', criteria => { narrative => 'n' },
                        alignment => [map { $object->() } 0 .. rand 2], issuer => 'i0')
            : (maybe('description', @texts, @texts), maybe('image', @urls, @urls),
               rand() < 0.8 ? (criteria => { maybe('narrative', @texts), maybe('url', @urls) }) : (),
               rand() < 0.6 ? (alignment => [map { $object->() } 0 .. rand 2]) : (),
               rand() < 0.4 ? (tags => [map { pick(@texts) } 0 .. rand 2]) : ()) };
    }

    my @classes = map { $_->{id} } grep { $_->{kind} eq 'class' } @records;

    for my $h (0 .. 5) {
        push @records, { kind => 'holder', id => "h$h", $h < 3 ? (email => pick('a@b.example', 'É+x@ü.example')) : maybe('email', @emails) };
    }

    # "check" names five of those that lack the same

    for my $x (0 .. 24) {
        my @issued = map { (issued_at => $_) } pick('2026-01-05', '2026-01-05T10:00:00Z', '2026-01-05T10:00:00.123456789-11:30');

        push @records, { kind => 'credential', id => "x$x", class => $x < 12 || $x % 5 == 4 ? $classes[$x % 4] : pick(@classes),
            holder => 'h' . int($x % 5 == 2 ? 3 + rand 3 : rand 3), status => pick(qw(issued claimed used)),
            $x % 5 == 3 && rand() < 0.5 ? () : @issued, maybe('narrative', @texts),
            maybe('expires_at', '2099-01-01', '2026-01-06', '2026-01-07T00:00:00Z'),
            $x % 5 == 4 ? (evidence => [map { $piece->() } 0 .. rand 2]) : maybe('evidence', [$urls[1]], [{ narrative => 'e' }], []) };
        push @assertions, { kind => 'assertion', credential => "x$x", id => sprintf('%032x', $x), salt => sprintf('%032x', 99 - $x) };
    }

    my $store = init_store('--map-size', '64M');
    my $r = run({ in => join '', map { $json->encode($_) . "\n" } @records, @assertions }, '--store', $store, 'import', '--skip-invalid', '-');

    return { n => $n, store => $store, issuers => $issuers, skipped => $r->{err} };
}

my %answered = map { $_ => 0 } 200, 404;

for my $random (@random) {
    my @there = map { $json->decode($_) } split /\n/, run('--store', $random->{store}, 'export')->{out};
    my $notes = $json->decode(run('--store', $random->{store}, '--json', 'check')->{out})->{notes};
    my %named = map { $_->{kind} => {} } @there;
    my %class = map { $_->{id} => $_ } grep { $_->{kind} eq 'class' } @there;
    my %credential = map { $_->{id} => $_ } grep { $_->{kind} eq 'credential' } @there;
    my %email = map { $_->{id} => $_->{email} } grep { $_->{kind} eq 'holder' } @there;
    my $below = "random/$random->{n}";
    my (@list, @wrong);

    for my $note (@$notes) {
        $named{$note->{kind}}{$_} = $note->{lacks} for @{$note->{ids}};
        push @wrong, "more notes than are named: $note->{count} $note->{lacks}" if $note->{count} != @{$note->{ids}};
    }

    # class of a bad issuer and credentials of what is bad are bad as well

    my $no_class = sub { return $named{class}{$_[0]} || $named{issuer}{$class{$_[0]}{issuer}} };

    for my $record (@there) {
        my ($kind, $id) = @$record{qw(kind id)};
        my ($url, $lacks, %more);

        if ($kind eq 'issuer') {
            ($url, $lacks) = ('/' . substr($id, 1) . '/issuer.json', $named{issuer}{$id});
        } elsif ($kind eq 'class') {
            ($url, $lacks) = ('/' . substr($record->{issuer}, 1) . '/class/' . OpenBadges::segment($id) . '.json', $no_class->($id));
        } elsif ($kind eq 'assertion') {
            my $credential = $credential{$record->{credential}};
            my $over = $credential->{status} eq 'issued' && ($credential->{expires_at} // '2099') lt '2026-02';

            ($url, $lacks) = ('/' . substr($class{$credential->{class}}{issuer}, 1) . "/assertion/$id.json",
                              $no_class->($credential->{class}) || $named{credential}{$credential->{id}});
            %more = (recipient => $email{$credential->{holder}}, expect => $over ? 'expired' : 'valid') unless $lacks;
        } else {
            next;
        }

        $answered{$lacks ? 404 : 200}++;
        push @list, { badge => "$base$below$url", manners => JSON::PP::false, note => $lacks ? "lacks $lacks" : "is $kind",
                      $lacks ? (expect => 'missing') : $kind ne 'assertion' ? (document => $kind) : %more };
    }

    is(join("\n", @wrong), '', "store $random->{n} (SEED=$seed)");
    OpenBadges::check($base, "http://127.0.0.1:$nginx->{port}/", \@list);
}

cmp_ok($answered{$_}, '>', 10 * $stores, "some were $_") for sort keys %answered;
note explain \%answered;

# What a key has signed stays good when another has its place, and is bad once it is
# taken back

{
    my ($gone) = $valid->{badge} =~ /(\w+)\.json/;
    my @good = grep { $_->{expect} eq 'valid' && $_->{badge} =~ m{/key/} && $_->{badge} !~ /$gone/ } @images;
    my @kept = map { { %$_, badge => CredverifyTool::write_file(($nginx->get(path($_, '/ob/')))[1]), note => "kept: $_->{note}" } } @good[0 .. 19];

    is($nginx->stop, 0, 'nginx ends well');

    my $next = LiveNginx->start(main => 'thread_pool credverify threads=2;', server => "
        credverify_store $store;
        location /ob/ { credverify_issuers acme; credverify_openbadges $base; credverify_openbadges_key $keys[1]{private} $keys[0]{public}; }");
    my @options = ($base, "http://127.0.0.1:$next->{port}/ob/");
    my %new = map { $_ => $good[$_]{badge} =~ s/\Q$keys[0]{id}\E/$keys[1]{id}/r } 0 .. 9;

    OpenBadges::check(@options, [@kept, map({ { %{$good[$_]}, badge => $new{$_}, note => 'by the new key' } } sort keys %new),
                                 map { { badge => $_->{badge}, expect => 'missing', note => 'by the old key no more' } } @good[0 .. 9]]);

    my ($assertion) = $good[0]{badge} =~ /(\w+)\.\w+\z/;
    my ($id) = map { $_->{credential} } grep { $_->{kind} eq 'assertion' && $_->{id} eq $assertion } @lines;

    is(run('--store', $store, 'credential', 'revoke', $id)->{status}, 0, 'one is revoked');

    my $said = `node t/openbadges/check.js --at $options[0]=$options[1] $kept[0]{badge}`;
    my @broken = $said =~ /^not ok \d+ - (.*)/mg;

    # and its picture is gone

    is("@broken", 'assertion image: is answered assertion: is not revoked', 'and what was kept of it is known to be') or diag $said;
    is($next->stop, 0, 'and the next nginx, too');
}

is(join("\n", grep { /\[(?:error|alert|crit|emerg)\]/ } split /\n/, $nginx->errors), '', 'and logs nothing');

done_testing;
