# Whatever records and requests contain, answers are what they are without it: every
# document of every view, in every format, is parsed as a reader would, and has the
# elements, attributes and members that it has of harmless records; and what is read
# back at each place is what was put in, neither less, nor more, nor escaped twice.
#
#   CASES=10000 SEED=7    so many random texts instead of 300, and others

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Digest::SHA qw(sha256_hex);
use Encode qw(encode_utf8);
use JSON::PP;
use POSIX qw(strftime);
use Test::More;
use BadgeKeys;
use Credverify;
use CredverifyTool ();
use EveryView;
use LiveClient;
use LiveNginx;
use Png;
use Structure;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

my $cases = $ENV{CASES} // 300;
my $seed = $ENV{SEED} // 1;

# Texts that would be something else, if they were let

my @hostile = (
    # elements and their ends
    '<script>alert(1)</script>', '"/><script>alert(1)</script>', q{'><img src=x onerror=alert(1)>},
    '</script><script>alert(1)', '</style><style>*{display:none}', '</title><h1>', '</textarea><b>',
    '</svg><p>', '</text><a>', '<foreignObject><body onload="alert(1)"/></foreignObject>',
    '<animate attributeName="href" to="javascript:alert(1)"/>', '<set attributeName="onload" to="alert(1)"/>',
    '<use xlink:href="data:image/svg+xml,x#x"/>', '<svg onload=alert(1)>', '<base href=//evil.example/>',
    '<meta http-equiv=refresh content="0;url=//evil.example/">', '<template><p>', '<select><option>',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">', '<table><td>', '<p><p></p></br>', '<',
    '<a', '</', '<!', '<?', '<>', '< b>', '<b', 'a<b>c', '<plaintext>', '<frameset>', '<image>', '<!doctype html>',

    # comments, declarations, instructions
    '-->', '--!>', '<!-- ', '<!--><script>alert(1)</script>', ']]>', '<![CDATA[x]]>', '<?xml version="1.0"?>',
    '<?xml-stylesheet href="//evil.example/"?>', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',

    # references, and what looks escaped
    '&', '&&', '&;', '&#', '&lt;script&gt;', '&amp;lt;', '&#60;b&#62;', '&#x3c;', '&#0;', '&#13;', '&e;', '&copy',
    '&copy;', '&nosuch;', '&quot;', '%3Cscript%3E', '%', '%00', '%zz', '+', '\u003cb\u003e', '\\', '\\\\"', '\"',
    '+ADw-script+AD4-', 'a=b&c=d#e?f',

    # quotes
    '"', q{'}, '`', q{" onmouseover="alert(1)}, q{' onmouseover='alert(1)}, q{" autofocus onfocus=alert(1) x="},
    '\';alert(1)//', '";alert(1)//', '“”‘’',

    # templates
    '{{holder.name}}', '{{{holder.name}}}', '{{#is.valid}}', '{{/is.valid}}', '{{>mark}}', '{{! x }}', '}}', '{{',
    '${holder.name}', '$holder.name', '$credential.attributes', '$$', '|date', '$arg_token',

    # URLs
    'javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' javascript:alert(1)', "java\tscript:alert(1)",
    "java\nscript:alert(1)", "\x01javascript:alert(1)", 'data:text/html,<script>alert(1)</script>', 'vbscript:x',
    '//evil.example/', '/\\evil.example/', 'https:evil.example', 'https://x.example/"onmouseover="alert(1)',
    'https://x.example/<>\'" \\', 'HTTPS://X.EXAMPLE/', "https://x.example/\ta\nb\rc", 'https://javascript:alert(1)@x/',
    'http://', 'https://', 'blob:x', 'file:///etc/passwd', 'about:blank', 'mailto:a@b.example', '#', '?', '../..',

    # style sheets
    'url(javascript:alert(1))', 'url("//evil.example/")', '};*{display:none}', 'expression(alert(1))', '/*', '*/',
    '@import "//evil.example/";', 'red;background:url(//evil.example/)', '\3c script\3e', 'url(#x) fill="red"',

    # white space and controls
    ' ', '  a  b  ', "\t", "a\tb", "\n", "a\nb", "\r", "a\rb", "a\r\nb\r", "\x0b\x0c", join('', map { chr } 1 .. 31),
    "\x7f", join('', map { chr } 0x80 .. 0x9f), "\x{85}", "\x{a0}", "\x{ad}", "\x{2028}a\x{2029}", "\x{200b}",
    "\x{feff}a\x{feff}", "\x{fffd}", "\x{fffe}\x{ffff}", "\x{fdd0}\x{1fffe}\x{10ffff}", "\x{e000}\x{f8ff}",

    # order, marks, and what is one character to people
    "\x{202e}gpj.exe", "\x{202a}\x{202b}\x{202c}\x{202d}\x{202e}", "\x{2066}\x{2067}\x{2068}", "\x{2069}\x{2069}",
    "\x{200e}\x{200f}\x{061c}", 'שלום 123 <b>', 'مرحبا "بالعالم" 42', "\x{301}\x{302}\x{303}" x 20, "e\x{301}",
    "👩‍👩‍👧‍👦🏳️‍🌈🇳🇴🇳", "\x{e0001}\x{e0041}\x{e007f}", '漢字<かな>カナ', "\x{ac00}\x{1100}\x{1161}", '𝕳𝖊𝖑𝖑𝖔',

    # long ones
    'x' x 3900, '<' x 900, '"><b>' x 400, ('long words ' x 300) . 'end', "\x{1f600}" x 800, '&amp;' x 500,
);

# Random ones: pieces of those, and any characters.

my @pieces = (map({ split /(?<=[<>"'&;:{}\s])/ } grep { length $_ < 100 } @hostile), map { chr } 32 .. 126);

sub any_character {
    my $code = int rand([0x80, 0x800, 0x10000, 0x110000]->[rand 4]) || 1;
    return chr($code >= 0xd800 && $code < 0xe000 ? $code - 0x800 : $code);
}

srand $seed;
push @hostile, join '', map { rand > 0.2 ? $pieces[rand @pieces] : any_character() } 0 .. rand 12
    for 1 .. $cases;

# and harmless ones of every length, in one word, in two, and in many

my @harmless = map { my $n = $_; ('n' x $n, 'n ' . 'n' x $n, 'n' x $n . ' n',
                                  substr('nnnn ' x (1 + $n / 5), 0, $n) =~ s/ \z/n/r) }
    0 .. 60, 80, 120, 200, 400, 1000, 3900;

# Records: each text of a record has a mark in it, by which it is known what it is and
# whose, before or behind what is hostile.

my @fields = (
    # name, most bytes, what it is
    ['issuer.id', 255, 'id'], ['issuer.name', 4096], ['issuer.url', 4096, 'url'],
    ['issuer.description', 4096], ['issuer.image', 4096, 'url'],
    ['class.id', 255, 'id'], ['class.title', 4096], ['class.description', 4096],
    ['class.category', 4096], ['class.category_title', 4096], ['class.level_label', 4096],
    ['class.narrative', 4096], ['class.url', 4096, 'url'], ['class.image', 4096, 'url'],
    ['class.tag', 4096], ['class.target', 4096], ['class.target_url', 4096, 'url'],
    ['holder.name', 4096], ['holder.display_name', 4096], ['holder.organization', 4096],
    ['holder.wallet', 255, 'id'], ['id', 255, 'id'], ['number', 255, 'id'], ['code', 255, 'id'],
    ['public_id', 255, 'id'], ['score', 4096], ['narrative', 4096], ['evidence.id', 4096, 'url'],
    ['evidence.narrative', 4096], ['message', 4096], ['note', 4096], ['name', 4096],
    ['issuer_type', 4096], ['email_hash', 4096], ['sender_wallet', 4096],
    ['webauthn_credential_id', 4096], ['claimed_at', 4096], ['badge.class', 255, 'segment'],
    ['badge.salt', 255, 'id'],
);

my %field = map { $fields[$_][0] => $_ } 0 .. $#fields;
my $mark = qr/hq(\d\d)c(\d{5})z/;
my (@cases, @lines);
my $json = JSON::PP->new->canonical;

sub cut {
    my ($text, $most) = @_;
    chop $text while length encode_utf8($text) > $most;
    return $text;
}

# "what" is the kind of credential, of which a case has several: it is in their ids.

sub text {
    my ($case, $field) = @_;
    my ($name, $most, $is) = @{$fields[$field]};
    my $m = sprintf q{hq%02dc%05dz!}, $field, $case->{n};
    my $text = $case->{text};

    $is //= '';
    $m = "https://$m.example/" if $is eq 'url';
    $text =~ s/[\x00-\x1f\x7f]//g if $is =~ /^(?:id|segment)\z/;
    $text =~ tr{/}{}d if $is eq 'segment';
    $text = cut($text, $most - 40);

    return ($case->{n} + $field) % 2 ? "$text$m" : "$m$text";
}

sub line {
    my ($kind, %is) = @_;
    push @lines, encode_utf8($json->encode({ kind => $kind, %is }));
}

# handle => [status, expiry, privacy of its link, whether that has expired]

my %verdicts = (
    valid => ['issued', '2999-01-01'], masked => ['claimed', '2999-01-01', 'masked'],
    token_expired => ['issued', '2999-01-01', 'full', 1], revoked => ['revoked', '2999-01-01'],
    refunded => ['refunded', '2999-01-01'], expired => ['issued', '2020-01-01'],
    pending => ['pending', '2999-01-01'],
);
my @verdicts = sort grep { $_ ne 'valid' } keys %verdicts;

sub token {
    my ($case, $verdict) = @_;
    return sha256_hex("$case->{n} $verdict");
}

sub key {
    my ($case) = @_;
    return sprintf 'mx_live_%032d', $case->{n};
}

# What URLs it has, are such: an Open Badge must. It is of an issuer of its own, for
# whom there is a location.

sub add_badge {
    my ($case, $is) = @_;
    my ($n, $issuer) = ($case->{n}, "badges$case->{n}");

    line('issuer', id => $issuer, url => 'https://i.example/', image => 'https://i.example/i.png',
        email => 'badges@i.example', map { $_ => $is->{"issuer.$_"} } qw(name description));
    line('class', issuer => $issuer, id => $is->{'badge.class'}, level => 2,
        image => 'https://i.example/c.png', tags => [$is->{'class.tag'}],
        map({ $_ => $is->{"class.$_"} } qw(title description category category_title level_label)),
        criteria => { narrative => $is->{'class.narrative'} },
        alignment => [{ targetName => $is->{'class.target'}, targetUrl => 'https://t.example/' }]);
    line('holder', id => "of-badge$n", email => "h$n\@mail.example",
        map { $_ => $is->{"holder.$_"} } qw(name display_name organization));
    line('credential', map({ $_ => "badge-$is->{$_}" } qw(id number code public_id)),
        class => $is->{'badge.class'}, holder => "of-badge$n", status => 'issued', issued_at => '2020-02-03',
        created_at => '2020-02-03', updated_at => '2020-02-03', score => $is->{score}, narrative => $is->{narrative},
        evidence => [{ narrative => $is->{'evidence.narrative'} }], attributes => { note => $is->{note} });
    line('assertion', id => sprintf('%032x', $n), credential => "badge-$is->{id}", salt => $is->{'badge.salt'});
}

sub add_case {
    my ($text) = @_;
    my $case = { n => scalar @cases, text => $text };
    my %is = map { $fields[$_][0] => text($case, $_) } 0 .. $#fields;

    $case->{fields} = [@is{map { $_->[0] } @fields}];
    push @cases, $case;

    line('issuer', id => $is{'issuer.id'}, map { $_ => $is{"issuer.$_"} } qw(name url description image));
    line('class', issuer => $is{'issuer.id'}, level => 2, requires => { practice => 1 },
        map({ $_ => $is{"class.$_"} } qw(id title description category category_title level_label image)),
        criteria => { narrative => $is{'class.narrative'}, url => $is{'class.url'} },
        tags => [$is{'class.tag'}],
        alignment => [{ targetName => $is{'class.target'}, targetUrl => $is{'class.target_url'} }]);
    line('key', id => "k$case->{n}", key => key($case), issuer => $is{'issuer.id'});
    line('holder', id => "h$case->{n}",
        map { $_ => $is{"holder.$_"} } qw(name display_name organization wallet));

    for my $verdict (sort keys %verdicts) {
        my ($status, $expires, $privacy, $old) = @{$verdicts{$verdict}};

        # only one of them can have each handle

        my %handle = map { $_ => $verdict eq 'valid' ? $is{$_} : "$verdict-$is{$_}" } qw(id number code public_id);

        line('credential', %handle, class => $is{'class.id'}, holder => "h$case->{n}", status => $status,
            issued_at => $verdict eq 'valid' ? '2020-02-04' : '2020-02-03', created_at => '2020-02-03', updated_at => '2020-02-03',
            expires_at => $expires, score => $is{score}, narrative => $is{narrative},
            evidence => [{ id => $is{'evidence.id'}, narrative => $is{'evidence.narrative'} }],
            attributes => { map({ $_ => $is{$_} } qw(message note issuer_type email_hash sender_wallet
                webauthn_credential_id claimed_at)), email_verified => JSON::PP::true, $is{name} => [$is{name}] });
        line('token', token => token($case, $verdict), credential => $handle{id}, privacy => $privacy // 'full',
            created_at => '2020-02-03', expires_at => $old ? '2020-03-04' : '2999-03-04');
    }

    add_badge($case, \%is);

    return $case;
}

my @fillers = map { add_case($_) } @harmless;
my ($short) = @fillers;
my @attacks = map { add_case($_) } @hostile;

# The server: a location for each document, and links that repeat what was asked for

my $views = EveryView::with_greedy();
my @documents = grep { $_->{kind} ne 'managed' } EveryView::documents($views);
my @links = EveryView::links(@documents);
my $links = join "\n", map { "credverify_link $_ https://link.example/$_?q=\$arg_q;" } grep { $_ ne 'docs' } @links;
my $locations = '';
my %answers = (
    verdict => 'credverify_verify token=$arg_token code=$arg_code number=$arg_number id=$arg_id;',
    progress => 'credverify_key mx; credverify_progress holder=$arg_holder;',
);

for my $document (@documents) {
    my $what = "$document->{view}/$document->{name}";

    if ($document->{kind} eq 'list') {
        ($document->{by}) = grep { /^(?:code|wallet)\z/ } @{$EveryView::lists{$what}};
        $answers{list} = EveryView::list_directive($what, $document->{by});
    }

    $document->{path} = "/$what";
    next if $document->{kind} eq 'badge';

    $locations .= "location = /$what {
        credverify_view $document->{view} $document->{name};
        $answers{$document->{kind}}
    }\n";
}

my $signing = BadgeKeys::key('one');

for my $view (sort { $a cmp $b } keys %{{ map { $_->{view} => 1 } grep { $_->{kind} eq 'badge' } @documents }}) {
    $locations .= "location /$view/badges/$_/ {
        credverify_view $view;
        credverify_issuers badges$_;
        credverify_openbadges https://badges.example/;
    }\n" for map { $_->{n} } @cases;
}

my $store = Credverify::store(@lines);
my $main = Png::load() . ' thread_pool credverify threads=2;';
my $nginx = LiveNginx->start(workers => 1, main => $main, server => "
    keepalive_requests 1000000;
    large_client_header_buffers 4 32k;
    credverify_store $store;
    credverify_views $views;
    credverify_guesses off;
    credverify_openbadges_key $signing->{private};
    $links
    credverify_link docs \$arg_q;
    $locations");
my $client = LiveClient->new($nginx->{port});

# An answer, taken apart: what it is made of, and the values at their places.

sub take_apart {
    my ($url, %is) = @_;
    my ($status, $body, $head) = $client->get($url, %is);
    my ($type) = $head =~ m{^Content-Type: ([\w/+]+)}mi;
    my %answer = (status => $status, url => $url, type => $type // '');

    ($answer{head} = $head) =~ s/^(?:Date|ETag|Content-Length|Surrogate-Key|Cache-Tag): .*\r\n//gmi;

    if ($answer{type} eq 'image/png') {
        $answer{head} =~ s/^Cache-Control: .*/$& =~ s{\d+}{N}gr/mie;
        my $is = Png::read($body);
        $answer{wrong} = $is unless ref $is;
        @answer{qw(elements values)} = ([], []);
        return \%answer;
    }

    my $text = $body;

    # which badge it is, and whose

    $text =~ s/[0-9a-f]{32,}|\bbadges\d+/NAME/g if $url =~ m{/badges/};

    $answer{wrong} = 'no UTF-8', return \%answer
        unless utf8::decode($text) && $text !~ /[\x{d800}-\x{dfff}]/;

    if ($answer{type} eq 'text/html') {
        @answer{qw(elements values)} = Structure::html($text);
    } elsif ($answer{type} eq 'image/svg+xml') {
        @answer{qw(elements values)} = eval { Structure::svg($body) } or $answer{wrong} = "not well-formed: $@";
    } elsif ($answer{type} =~ /json/) {
        $answer{json} = eval { JSON::PP->new->allow_nonref->decode($text) } // ($answer{wrong} = "no JSON: $@", undef);
    } elsif ($answer{type} eq 'text/plain') {
        my @lines = split /\n/, $text, -1;
        @answer{qw(elements values)} = ([('line') x @lines], [map { ['line', $_] } @lines]);
    } else {
        $answer{wrong} = "a $answer{type}";
    }

    return \%answer;
}

# What is read back of a text: in pages and images what XML cannot carry is U+FFFD;
# Gumbo takes all that HTML would rather not have for that. In plain text no value is
# more than a part of a line.

my $odd = qr/[\x01-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]/;
my $odd_to_gumbo = qr/[\x7f-\x9f\x{fdd0}-\x{fdef}]|[\x{1fffe}\x{1ffff}\x{10fffe}\x{10ffff}]/;

sub read_back {
    my ($text, $type) = @_;

    return $text if $type =~ /json/;
    return $text =~ s/[\x01-\x1f\x7f-\x9f\x{2028}\x{2029}]/ /gr if $type eq 'text/plain';
    $text =~ s/$odd/\x{fffd}/g;
    $text =~ s/$odd_to_gumbo/\x{fffd}/g if $type eq 'text/html';

    return $text;
}

sub in_url {
    return encode_utf8($_[0]) =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ger;
}

# What a value that was made of harmless texts has to be of the hostile ones; nothing if
# it has not the whole of one.

sub expected {
    my ($value, $where, $type, $harmless, $hostile) = @_;
    my ($out, $at) = ('', 0);

    while ($value =~ /$mark/g) {
        my ($field, $mark, $begin) = ($1, $&, $-[0]);
        my ($from, $to) = ($harmless->{fields}[$field], $hostile->{fields}[$field]);

        my $is_url = $where =~ /\b(?:href|src)\z/;

        # a whole URL

        if ($value eq $from && $is_url) {
            return $to =~ m{^(?:\?|https?://.)}is ? read_back($to, $type) : '#';
        }

        $begin -= index $from, $mark;

        # as it is but in a part of a URL; what a link repeats is in the whole of one

        if ((!$is_url || $value =~ m{^https://link\.example/\w+\?q=$mark})
            && $begin >= $at && substr($value, $begin, length $from) eq $from)
        {
            $to = read_back($to, $type);

        } else {
            $begin = pos($value) - length($mark) - index in_url($from), $mark;
            ($from, $to) = (in_url($from), in_url($to));
            return undef if $begin < $at || substr($value, $begin, length $from) ne $from;
        }

        $out .= substr($value, $at, $begin - $at) . $to;
        $at = pos($value) = $begin + length $from;
    }

    return $out . substr $value, $at;
}

# Letters alone: what is left of a text that was made to fit is among them.

sub letters {
    return $_[0] =~ s/[\p{M}\p{Cc}\p{Cf}\p{Co}\p{Cn}\s\x{2026}\x{fffd}]//gr;
}

my $whole = 0;                  # hostile texts that were read back as they are
my $today = strftime('%Y-%m-%d|%-d %B %Y', gmtime);

# Whether a value is what it has to be

sub is_value {
    my ($value, $model, $where, $type, $harmless, $hostile, $fits) = @_;

    # HTML that is shown, to be copied, is HTML once more

    if ($where eq 'code' && $model =~ /\A</) {
        my (%is, %was);
        @is{qw(elements values)} = Structure::html($value);
        @was{qw(elements values)} = Structure::html($model);
        return !differs_in_structure({ %is, type => $type }, \%was, $harmless, $hostile, '');
    }

    my $expected = expected($model, $where, $type, $harmless, $hostile);

    if (defined $expected && $value eq $expected) {
        $whole++ if $expected ne $model;
        return 1;
    }

    if ($model !~ $mark) {

        # what was measured or drawn, a time, a style that the template has for long
        # texts, and what is an http URL only now

        return 1 if $type eq 'image/svg+xml' && $where =~ / /
                    && $value =~ s/[\d.]+/N/gr eq $model =~ s/[\d.]+/N/gr;
        return 1 if $fits && $where =~ / class\z/ && !grep { index($fits, $_) < 0 } split ' ', $value;
        return 1 if "$value$model" =~ /\A[MmHhVvZzLl\d\s.,-]*\z/;
        return 1 if $value =~ s/\d\d:\d\d:\d\d|$today/TIME/gr eq $model =~ s/\d\d:\d\d:\d\d|$today/TIME/gr;
        return 1 if $model eq '#' && $value =~ m{^(?:\?|https?://.)}is
            && grep { defined && $value eq read_back($_, $type) } @{$hostile->{fields}};
    }

    if ($fits && $where =~ /^(?:text|tspan)\z/) {
        my ($left, $was) = map { letters($_) } $value, $model;
        return 0 if $value !~ /\S/ && $was ne ''
                    && !grep { defined && letters($_) eq '' } @{$hostile->{fields}};

        # around it stands what always does

        for (1, 2) {
            my $same = 0;
            $same++ while $same < length $left && substr($left, $same, 1) eq substr "$was\n", $same, 1;
            ($left, $was) = ((scalar reverse substr $left, $same), scalar reverse substr $was, $same);
        }

        return 1 if grep { defined && index(letters($_), $left) >= 0 } @{$hostile->{fields}};
    }

    return 0;
}

sub json_of_hostile {
    my ($value, $harmless, $hostile) = @_;

    if (ref $value eq 'ARRAY') {
        return [map { json_of_hostile($_, $harmless, $hostile) } @$value];
    } elsif (ref $value eq 'HASH') {
        return { map { json_of_hostile($_, $harmless, $hostile)
                       => json_of_hostile($value->{$_}, $harmless, $hostile) } keys %$value };
    }

    return $value unless defined $value && !ref $value && $value =~ $mark;
    return expected($value, '', 'json', $harmless, $hostile) // die "$value?";
}

sub show {
    my ($text) = @_;
    $text = substr($text, 0, 200) . '...' if length $text > 200;
    return $text =~ s/([\p{Cc}\p{Cf}\p{Cn}])/sprintf '\\x{%x}', ord $1/ger;
}

# What is wrong with an answer that has hostile texts, of one that has harmless ones

sub differs {
    my ($answer, $model, $harmless, $hostile, $fits) = @_;

    return $answer->{wrong} if $answer->{wrong};
    return "status $answer->{status}" if $answer->{status} != $model->{status};
    return "header: $answer->{head}" if $answer->{head} ne $model->{head};

    if (exists $answer->{json}) {
        my ($is, $expected) = map { $json->encode($_) } $answer->{json},
            json_of_hostile($model->{json}, $harmless, $hostile);
        s/T\d\d:\d\d:\d\d/TIME/g for $is, $expected;
        $whole++ if $expected =~ $mark;

        return $is eq $expected ? () : 'JSON: ' . show($is) . ' for ' . show($expected);
    }

    return differs_in_structure($answer, $model, $harmless, $hostile, $fits);
}

sub differs_in_structure {
    my ($answer, $model, $harmless, $hostile, $fits) = @_;

    for my $i (0 .. $#{$answer->{elements}}) {
        my ($is, $expected) = ($answer->{elements}[$i], $model->{elements}[$i] // 'nothing');
        return 'structure: ' . show($is) . ' for ' . show($expected) if $is ne $expected;
    }

    for my $i (0 .. $#{$answer->{values}}) {
        my ($where, $value) = @{$answer->{values}[$i]};
        my $expected = $model->{values}[$i][1];

        return "$where: " . show($value) . ' for ' . show($expected)
            unless is_value($value, $expected, $where, $answer->{type}, $harmless, $hostile, $fits);
    }

    return;
}

# How many lines a text has, where it is one of several, hangs on how long it is: of the
# harmless ones that answer the same way, one as long will do.

my %models;

sub ask {
    my ($document, $format, $verdict, $case) = @_;
    my $path = $document->{path};

    if ($document->{kind} eq 'verdict') {
        return take_apart("$path?token=" . token($case, $verdict) . "&format=$format&q=x");

    } elsif ($document->{kind} eq 'progress') {
        return take_apart("$path?holder=h$case->{n}", headers => ['X-API-Key: ' . key($case)]);

    } elsif ($document->{kind} eq 'badge') {
        my $class = in_url($case->{fields}[$field{'badge.class'}]);
        my $name = { assertion => sprintf('assertion/%032x', $case->{n}), class => "class/$class",
                     issuer => 'issuer', map { $_ => "key/$signing->{id}/$_" } qw(key revocations) }->{$document->{name}};

        return take_apart("/$document->{view}/badges/$case->{n}/$name.json");

    } elsif ($document->{by} eq 'wallet') {
        return take_apart("$path?wallet=" . in_url($case->{fields}[$field{'holder.wallet'}]));
    }

    my $code = $case->{fields}[$field{code}];
    my $body = encode_utf8($json->encode({ asked => [$code, map { "$_-$code" } @verdicts] }));

    return take_apart($path, method => 'POST', body => $body, headers => ['Content-Length: ' . length $body]);
}

sub check {
    my ($document, $format, $verdict, $case) = @_;
    my $fits = fits($document, $format);
    my $answer = ask($document, $format, $verdict, $case);
    my $length = length $case->{text};
    my ($first, @wrong);

    for my $harmless ($short, sort { abs(length($a->{text}) - $length) <=> abs(length($b->{text}) - $length)
                                     || $a->{n} <=> $b->{n} } @fillers)
    {
        my $model = $models{"$document->{path} $format $verdict $harmless->{n}"}
            //= ask($document, $format, $verdict, $harmless);

        @wrong = differs($answer, $model, $harmless, $case, $fits);
        $first = $wrong[0] if @wrong && (!defined $first || $wrong[0] !~ /^structure/);
        last unless @wrong && $fits;
    }

    return @wrong ? "$answer->{url}: " . show($case->{text}) . ": $first" : ();
}

# The template, if it makes texts fit.

sub fits {
    my ($document, $format) = @_;
    my $file = $document->{file}{$format} or return '';

    return $document->{fits}{$format} //= do {
        my $template = EveryView::with_partials($file);
        $template =~ /\|(?:fit|line):/ ? $template : '';
    };
}

sub first {
    return join "\n", @_ > 10 ? (@_[0 .. 9], scalar(@_) - 10 . ' more') : @_;
}

for my $document (@documents) {
    $document->{formats} = [grep {
        $document->{kind} eq 'verdict' ? take_apart("$document->{path}?token=0&format=$_")->{status} != 400 : $_ eq 'json'
    } @EveryView::formats];
}

my @fixed = @attacks[0 .. $#attacks - $cases];

for my $document (@documents) {
    for my $format (@{$document->{formats}}) {
        my @wrong;

        $whole = 0;

        for my $i (0 .. $#fixed) {
            next if $format eq 'png' && $i % 25;    # they take their time
            push @wrong, check($document, $format, 'valid', $fixed[$i]);
            push @wrong, check($document, $format, $verdicts[$i / 2 % @verdicts], $fixed[$i])
                if $document->{kind} eq 'verdict' && $document->{view} ne 'greedy' && $i % 2;
        }

        is(first(@wrong), '', "$document->{path} as $format is what it is of others");

        # that says nothing if nothing is shown

        my $file = $document->{file}{$format};
        next unless $file && EveryView::with_partials($file) =~ /\b(?:class|holder|credential|progress|list)\b/
                    && "$document->{view} $document->{name}" ne 'openbadges revocations';
        cmp_ok($whole, '>', @fixed / 2, 'and has what was put in');
    }
}

{
    my @wrong;

    for my $case (@attacks[@fixed .. $#attacks]) {
        my $document = $documents[rand @documents];
        my $format = $document->{formats}[rand @{$document->{formats}}];
        my $verdict = rand > 0.3 ? 'valid' : $verdicts[rand @verdicts];

        push @wrong, check($document, $format, $verdict, $case);
    }

    is(first(@wrong), '', "so it is of $cases random texts (SEED=$seed)");
}

# Requests have texts, too: they stand in links, as bytes, and are not repeated else.
# What is no URL any more is left out, as nginx would refuse it.

my @greedy = grep { $_->{view} eq 'greedy' && $_->{kind} eq 'verdict' } @documents;
my @others = grep { $_->{view} ne 'greedy' && $_->{kind} eq 'verdict' } @documents;
my ($valid, $now) = (token($short, 'valid'), 0);

sub asked {
    my ($document, $format, $query, $harmless, $in_link, $text, @headers) = @_;
    my @cases = map { my $is = { %$short, fields => [@{$short->{fields}}] }; $is->{fields}[99] = $_; $is }
                'hq99c00000z!', $in_link;
    my $url = "$document->{path}?$query";
    my ($answer, $model) = map { take_apart(join(encode_utf8($_), split /TEXT/, $url, -1), headers => \@headers) }
                           $text, $harmless;
    my @wrong = differs($answer, $model, @cases, fits($document, $format));

    return map { "$url: " . show($text) . ": $_" } @wrong;
}

{
    my (@linked, @named);

    for my $case (@fixed) {
        my $raw = $case->{text} =~ s/[\x00-\x20\x7f&#]//gr;
        my $encoded = in_url(cut($case->{text}, 2000));
        my $other = $others[$now++ % @others];
        my @formats = @{$other->{formats}};

        # with no text there is no link

        if ($raw ne '') {
            push @linked, map { asked(@$_, "token=$valid&format=$_->[1]&q=TEXT", 'hq99c00000z!', $raw, $raw) }
                map({ my $document = $_; map { [$document, $_] } grep { $_ ne 'png' } @{$document->{formats}} } @greedy),
                [$other, $formats[$now % @formats]];
        }

        for my $document ($other, @greedy) {
            my $by = (qw(token code number id))[$now % 4];
            my $accept = 'Accept: ' . (qw(text/html application/json image/svg+xml))[$now % 3];

            push @named, map { asked($document, 'svg', $_, 'nnn', '', $encoded, $accept) }
                "$by=TEXT", "token=$valid&format=TEXT", "token=$valid&theme=TEXT" if $encoded ne '';
        }
    }

    is(first(@linked), '', 'what a link repeats is a part of it');
    is(first(@named), '', 'and what is not understood is not repeated');
}

# Handles are bytes, whatever they mean elsewhere

{
    my @wrong;

    for my $case (@attacks) {
        for my $by (qw(code number public_id)) {
            my $handle = $case->{fields}[$field{$by}];
            my $answer = take_apart('/native/verify?format=json&' . ($by =~ s/public_//r) . '=' . in_url($handle));
            my $is = $answer->{wrong} // $answer->{json}{credential}{$by} // 'nothing';

            push @wrong, "$by " . show($handle) . ': ' . show($is) if $is ne $handle;
        }
    }

    is(first(@wrong), '', 'what has such a name is found by it');
}

# Bytes that are no text are no handle, and in no link

{
    my @wrong;

    for my $bytes ("\xff", "\xc3(", "\xed\xa0\x80", "\xc0\xbc", "\xf8\x88\x80\x80\x80", "\x80\xbf", "\xe2\x82",
                   "\xf4\x90\x80\x80", '%ff', '%c3%28', '%ed%a0%80', '%c0%bc', '%00', '%00%3Cb%3E', '%u003c', '%',
                   '%3', 'x' x 20000, '%3C' x 7000)
    {
        for my $document (@greedy, @others) {
            my $format = $document->{formats}[$now++ % @{$document->{formats}}];
            my ($nobody, $model) = map { take_apart("$document->{path}?code=$_&format=$format") } $bytes, 'nnn';
            my $linked = take_apart("$document->{path}?token=$valid&format=$format&q=$bytes");
            my ($is) = (differs($nobody, $model, $short, $short, ''), $linked->{wrong} // ());

            push @wrong, "$document->{path} $format: " . show($bytes) . ": $is" if defined $is;
            push @wrong, "$document->{path} $format: " . show($bytes) . ": $linked->{status}" if $linked->{status} != 200;
        }
    }

    is(first(@wrong), '', 'what is no text is nothing');
}

# nor in records: an import takes none of it

my $before = CredverifyTool::run('--store', $store, 'export')->{out};

for (
    ['half of a pair', '\ud800'], ['the other half', 'x\udc00'], ['halves in the wrong order', '\udc00\ud800'],
    ['NUL', 'a\u0000b'], ['a byte that never is', "\xff"], ['half of a pair in UTF-8', "\xed\xa0\x80"],
    ['a long form', "\xc0\xbc"], ['half a character', "\xe2\x82"], ['what is above all', "\xf4\x90\x80\x80"],
    ['NUL itself', "a\0b"], ['a control character as it is', "a\x01b"], ['a line end as it is', "a\nb"],
) {
    my ($name, $text) = @$_;

    for my $line (qq({"kind":"holder","id":"new","name":"$text"}), qq({"kind":"holder","id":"new$text"}),
                  qq({"kind":"credential","id":"new","class":"$short->{fields}[5]","holder":"h0","status":"issued","attributes":{"$text":[]}}))
    {
        my $r = CredverifyTool::run({ in => "$line\n" }, '--store', $store, 'import', '-');
        is($r->{status}, 1, "$name is not imported") or diag $line;
    }
}

for my $control ('\u0001', '\n', '\u001f', '\u007f') {
    for my $handle (qw(id code number public_id)) {
        my %is = (id => 'new', $handle => "a${control}b");
        my $names = join ',', map { qq("$_":"$is{$_}") } sort keys %is;
        my $r = CredverifyTool::run({ in => qq({"kind":"credential","class":"$short->{fields}[5]","holder":"h0","status":"issued",$names}\n) },
                                    '--store', $store, 'import', '-');
        is($r->{status}, 1, "nor a handle with $control: $handle");
    }
}

ok($before eq CredverifyTool::run('--store', $store, 'export')->{out}, 'and nothing came of it');

is($nginx->stop, 0, 'nginx ends well');
unlike($nginx->errors, qr/\[(?:error|alert|crit|emerg)\]/, 'and logs no error');

done_testing;
