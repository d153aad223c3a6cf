# Who sees what: every document of every view, in every format, for every verdict,
# by every handle, with and without a key. Each fact of each credential is a mark of
# its own, so that whatever is shown can be traced to where it is from; and the
# tables below, which are the contract's and not the code's, say whether it may be
# there.
#
# There is one view more than those of the tree: it shows whatever a view may name,
# so that what the others do not ask for is known to be held back, too.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP;
use MIME::Base64 qw(decode_base64 encode_base64 encode_base64url);
use POSIX qw(strftime);
use Test::More;
use BadgeKeys;
use Credverify;
use EveryView;
use LiveClient;
use LiveNginx;
use MarkedStore;
use Png;

# What may be shown of a credential that is valid; that is not, for whatever reason
# but the next; whose link has expired; that is asked for by a masked link; and that
# is not found

my %column = (valid => 0, invalid => 1, token_expired => 2, masked => 3, not_found => 4);

my %may = (
    public => [1, 1, 1, 1, 0],  # what is certified, and by whom
    link   => [1, 1, 1, 1, 0],  # until when the link is good
    record => [1, 1, 1, 0, 0],  # the credential, without its holder
    handle => [1, 1, 0, 0, 0],  # what finds it; an expired link leads to no other
    map({ $_ => [1, 0, 0, 0, 0] } qw(holder credential.picture)),  # who has it, and what was achieved
    never  => [0, 0, 0, 0, 0],
);

# The facts that are marked, by what they are

sub of {
    my ($what, @names) = @_;
    return map { "$what.$_" } @names;
}

my %is = (
    map({ $_ => 'public' }
        of(class => qw(id title description category category_title level_label image tags
            criteria.narrative criteria.url alignment.targetName alignment.targetUrl)),
        of(issuer => qw(id name url description image))),

    'token.expires_at' => 'link',

    map({ $_ => 'record' } 'token.created_at',
        of(credential => qw(id issued_at expires_at created_at updated_at))),

    map({ $_ => 'handle' } of(credential => qw(code public_id))),

    map({ $_ => 'holder' }
        of(holder => qw(name display_name organization wallet)),
        of(credential => qw(assertion score number narrative evidence.id evidence.narrative)),
        of('credential.attributes' => qw(message note sender_wallet webauthn_credential_id
            email_hash issuer_type claimed_at deep))),

    map({ $_ => 'never' } qw(holder.id holder.email issuer.email class.number_format
        credential.revoked_at credential.revocation_reason token.text token.sha256
        badge.identity badge.salt class.picture)),
);

# All other facts, which are nobody's in particular: in which columns they are

my %plain = (
    map({ $_ => [1, 1, 1, 1, 1] } qw(valid reason title detail word checked_at theme links),
        of(is => qw(valid revoked token_expired refunded expired pending not_found))),
    map({ $_ => [1, 1, 1, 1, 0] } qw(next_change_at privacy masked class class.level issuer
        token)),
    map({ $_ => [1, 1, 1, 0, 0] } qw(credential layers),
        of(credential => qw(status state lapses test)), of(layers => qw(wallet passkey email))),
    map({ $_ => [1, 0, 0, 0, 0] } qw(holder credential.picture)),
    map({ $_ => [0, 0, 0, 0, 0] } qw(progress asked list list.items list.next list.prev recipient),
        of(recipient => qw(id name display_name email organization wallet)),
        of(credential => qw(custom_attributes plain_attributes)),
        grep { /^(?:error|open_badge)\b/ } keys %EveryView::facts),
);

# What a service says is not there, as the contract has it, looks like what never was

my %hides = (
    securecodinghub => [qw(revoked token_expired refunded expired pending)],
    testedclear => [qw(token_expired refunded pending)],
    mail => [qw(revoked token_expired refunded expired pending)],
    validtrust => [qw(revoked token_expired)],
);

# Documents have members: what is above a path that is known is known, too

my %known = (%is, %plain);

for my $path (keys %is) {
    $known{$path} ||= 'above' while $path =~ s/\.[^.]*\z//;
}

is_deeply([grep { !$known{$_} } sort keys %EveryView::facts], [],
          'it is known of every fact who may see it');
is_deeply([grep { !$is{$_} } map { $_->[1] } values %MarkedStore::mark], [],
          'and of all that is marked');

# The verdict, decided in the contract's order

sub reason {
    my ($credential, $link, $test) = @_;
    my ($status, $over) = @$credential{qw(status over)};

    return $status eq 'draft' || $credential->{test} != $test ? 'not_found'
         : $status eq 'revoked' ? 'revoked'
         : $link =~ /1/ ? 'token_expired'
         : $status eq 'refunded' ? 'refunded'
         : $status =~ /^(?:issued|pending)\z/ && $over ? 'expired'
         : $status eq 'pending' ? 'pending'
         : 'valid';
}

# Whether a mark, by its owner and fact, may be in an answer: "link" is by what was
# asked, "full0", "code", and "reason" what is told.

sub allowed {
    my ($credential, $link, $reason) = @_;
    my $column = $reason eq 'not_found' ? 'not_found'
               : $link =~ /masked/ ? 'masked'
               : $reason =~ /^(?:valid|token_expired)\z/ ? $reason : 'invalid';
    my %owner = map { $_ => 1 } @{$credential->{owners}}, "$credential->{pair} $link";

    # when a verdict changes by itself is told, also where it is the credential's end

    my $end = $column eq 'masked' && $credential->{kind} eq 'soon' && $reason eq 'valid';

    return sub {
        my ($owner, $fact) = @_;
        return $owner{$owner} && ($may{$is{$fact}}[$column{$column}]
                                  || $end && $fact eq 'credential.expires_at');
    };
}

# What is in an answer: { mark => 1 }, as it stands there, or encoded in whatever way;
# and what is left of one that was cut.

my %named = (amp => '&', lt => '<', gt => '>', quot => '"', apos => "'");

sub without_references {
    return $_[0] =~ s{&(?:#(\d+)|#x([0-9a-f]+)|(\w+));}
                     {chr(($1 // (defined $2 ? hex $2 : ord($named{$3} // '?'))) & 255)}gier;
}

my $signing = BadgeKeys::key('one');

# A signed text is what was signed; keys and signatures are any bytes.

sub without_keys {
    my ($text) = @_;

    $text =~ s/\Q$signing->{id}\E/KEY/g;
    $text =~ s/-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----/PEM/gs;
    $text =~ s{\b([\w-]{16,})\.([\w-]{16,})\.[\w-]{300,}}
              {join ' ', map { without_keys(decode_base64($_ =~ tr{_-}{/+}r)) } $1, $2}ge;

    return $text;
}

sub marks {
    my ($text) = @_;

    $text = without_keys($text);

    my $letters = $text !~ /^\x89PNG/m;
    my (%found, @forms);

    push @forms, $text;
    push @forms, without_references($text) if $text =~ /&/;
    push @forms, map { $_, without_references($_) } map { s/%([0-9a-f]{2})/chr hex $1/gier } @forms
        if $text =~ /%/;
    push @forms, $text =~ s/\\u00([0-9a-f]{2})/chr hex $1/gier if $text =~ /\\u/;

    while ($text =~ m{([A-Za-z0-9+/_-]{11,})}g) {
        my $run = $1 =~ tr{_-}{/+}r;
        push @forms, map { decode_base64(substr $run, $_) } 0 .. 3;
    }

    for (@forms) {
        $found{lc $1} = 1 while /(zqv\d{4}x|[0-9a-f]{64}|\d{4}-05-\d\d)/gi;
        $found{"$2-05-$1"} = 1 while /(\d\d)(?: |-|%20|\+)May(?: |-|%20|\+)(\d{4})/gi;
        $found{"$2-05-$1"} = 1 while /May (\d\d),? (\d{4})/gi;
        $found{$1} = 1 while $letters && /(zqv(?!\d{4}x).{0,6})/gis;
    }

    return grep { $MarkedStore::mark{$_} || /^zqv/ } keys %found;
}

{
    my ($text, $day) = map { my $is = $_; grep { /$is/ } sort keys %MarkedStore::mark } qr/^zqv1000x/, qr/^2150-05-10/;
    my ($year) = $day =~ /(\d{4})/;

    is_deeply([marks($_)], [$text], "it is found in $_")
        for "<p>$text</p>", uc $text, join('', map { sprintf '%%%02X', ord } split //, $text),
            join('', map { sprintf '&#%d;', ord } split //, $text), join('', map { sprintf '&#x%x;', ord } split //, $text),
            join('', map { sprintf '\u%04x', ord } split //, $text), 'data:text/plain;base64,' . encode_base64("ab$text", ''),
            encode_base64($text, ''), '%26%23122%3B' . substr($text, 1);
    is_deeply([marks('<a verify="' . join('.', map({ encode_base64url($_) } '{"alg":"RS256"}', qq({"text":"$text"})), 'zqv' x 114) . '"/>')],
              [$text], 'it is found in what is signed');
    is_deeply([marks($_)], [$day], "it is found in $_")
        for "${day}T01:02:03Z", "10 May $year", "May 10, $year", "10%20May%20$year", "Sat, 10-May-$year";
    is_deeply([marks('zqv100')], ['zqv100'], 'and a piece of it is');
}

# The server: each document in a location of its own, with and without a key, and in
# places where it cannot answer.

my $views = EveryView::with_greedy();
my @documents = EveryView::documents($views);
my $links = join "\n", map { "credverify_link $_ https://link.example/$_;" } EveryView::links(@documents);

my $json = JSON::PP->new->canonical;
my %key = (
    live => 'mx_live_' . 'l' x 32, test => 'mx_test_' . 't' x 32, badge => 'mx_badge_' . 'b' x 32,
    suspended => 'mx_live_' . 's' x 32, spent => 'mx_live_' . 'z' x 32, poor => 'mx_live_' . 'p' x 32,
    plain => 'mx_live_' . 'n' x 32,
);
my %key_is = (
    suspended => { status => 'suspended' }, spent => { tier => 'spent' },
    poor => { scopes => [] }, plain => { tier => 'plain' },
);

push @MarkedStore::lines, map { $json->encode($_) }
    { kind => 'tier', id => 'free', features => ['all'] },
    { kind => 'tier', id => 'plain' },
    { kind => 'tier', id => 'spent', limits => { minute => 0 }, features => ['all'] },
    map { { kind => 'key', id => $_, key => $key{$_}, tier => 'free', scopes => ['read'],
            %{$key_is{$_} || {}} } } sort keys %key;

my $store = Credverify::store(@MarkedStore::lines);
my %place = (
    open => "credverify_keyless free;",
    closed => "credverify_scope read; credverify_feature all;",
    void => "credverify_keyless free; credverify_store $store/none;",
    other => "credverify_keyless free; credverify_issuers nobody;",
    guess => "credverify_keyless free; credverify_guesses 1;",
);
my $answers = {
    verdict => 'credverify_verify token=$arg_token code=$arg_code number=$arg_number id=$arg_id assertion=$arg_assertion;',
    progress => 'credverify_progress holder=$arg_holder;',
};
my $locations = '';

is_deeply([sort map { "$_->{view}/$_->{name}" } grep { $_->{kind} eq 'list' } @documents],
          [sort keys %EveryView::lists], 'it is known of every list what is in it');

for my $what (sort keys %EveryView::lists) {
    my (undef, @by) = @{$EveryView::lists{$what}};
    my ($view, $name) = split m{/}, $what;

    $locations .= "location = /$_/$what {
        credverify_view $view $name;
        credverify_keyless free;
        " . EveryView::list_directive($what, $_) . "
    }\n" for @by;
}

for my $document (grep { $answers->{$_->{kind}} } @documents) {
    for my $place (sort keys %place) {
        next if $document->{kind} ne 'verdict' && $place eq 'guess';
        $locations .= "location = /$place/$document->{view}/$document->{name} {
            credverify_view $document->{view} $document->{name};
            $place{$place}
            $answers->{$document->{kind}}
        }\n";
    }
}

# badges of each issuer: those of live credentials, and those of test credentials

my %mark_of = map { join(' ', @{$MarkedStore::mark{$_}}) => $_ } keys %MarkedStore::mark;
my @issuers = map { $mark_of{"issuer $_ issuer.id"} } 0, 1;
my @badge_views = qw(openbadges greedy);
my @sites = ('', "key/$signing->{id}/");

is_deeply([sort map { "$_->{view}/$_->{name}" } grep { $_->{kind} eq 'badge' } @documents],
          [sort map { my $view = $_; map { "$view/$_" } @EveryView::badges } @badge_views],
          'it is known of every badge where it is from');

for my $view (@badge_views) {
    for my $place (grep { $_ ne 'guess' } sort keys %place) {
        for my $i (0, 1) {
            my $issuers = $place eq 'other' ? '' : "credverify_issuers $issuers[$i];";

            $locations .= "location /badges/$place/$view/$i/ {
                credverify_view $view;
                $issuers
                $place{$place}
                credverify_openbadges https://badges.example/$i/;
                credverify_openbadges_key $signing->{private};
            }\n";
        }
    }
}

# what is managed: of each issuer, with keys only; in "open", any will do

my @managing = map { $_->{view} } grep { $_->{kind} eq 'managed' && $_->{name} eq 'credential' } @documents;

is_deeply([sort map { "$_->{view}/$_->{name}" } grep { $_->{kind} eq 'managed' && $_->{name} ne 'progress-update' } @documents],
          [sort map { my $view = $_; map { "$view/$_" } qw(credential credentials) } @managing],
          'it is known of all that is managed how it is asked for');

for my $view (@managing) {
    for my $i (0, 1) {
        $locations .= "location /managed/$view/$i {
            credverify_view $view;
            credverify_issuers $issuers[$i];
            credverify_feature all;
            credverify_issuance read=read write=write;
        }\n";
    }
}

my $main = Png::load() . ' thread_pool credverify threads=2;';
my $nginx = LiveNginx->start(workers => 1, main => $main, server => "
    keepalive_requests 1000000;
    credverify_store $store;
    credverify_views $views;
    credverify_key mx;
    credverify_key_class live test badge;
    credverify_guesses off;
    $links
    $locations");
my $client = LiveClient->new($nginx->{port});

my $asked = 0;

sub ask {
    my ($path, $key, %is) = @_;
    push @{$is{headers}}, "X-API-Key: $key{$key}" if $key && $key ne 'none';
    my ($status, $body, $head) = $client->get($path, %is);

    # what it took to draw a picture is not told

    $head =~ s/^(Cache-Control: .*max-age=)\d+/$1N/mi if $head =~ m{^Content-Type: image/png}mi;
    $asked++;
    return { status => $status, body => $body, head => $head, path => $path, key => $key // 'none' };
}

# Marks in an answer that may not be there, in words.

sub leaks {
    my ($answer, $allowed, $seen) = @_;
    my @wrong;

    for my $mark (marks("$answer->{head}\n$answer->{body}")) {
        my ($owner, $fact) = @{$MarkedStore::mark{$mark} || ['?', 'a piece']};

        if ($fact ne 'a piece' && $allowed && $allowed->($owner, $fact)) {
            $seen->{$fact} = 1;
        } else {
            push @wrong, "$answer->{path} ($answer->{key}): $owner\'s $fact, $mark";
        }
    }

    return @wrong;
}

my @themes = ('', '&theme=auto', '&theme=light', '&theme=dark');

# An answer without what is always another, and without the names of the credential
# if that is given.

sub plain {
    my ($answer, $credential) = @_;
    my ($head, $body) = @$answer{qw(head body)};

    $head =~ s/^(?:Date|Surrogate-Key|Cache-Tag): .*\r\n//gmi;

    if ($head !~ m{^Content-Type: image/png}mi) {
        $body =~ s/\d\d:\d\d:\d\d(?:\.\d+)?/TIME/g;
        $body =~ s/$_/DAY/g for map { strftime($_, gmtime), strftime($_, gmtime time - 600) }
                                '%Y-%m-%d', '%-d %B %Y';
    }

    return "$head\n$body" unless $credential;

    my @names = ($credential->{id}, @{$credential->{handle}}{qw(code number id)});
    my %place = map { $names[$_] => $_ } 0 .. $#names;

    $head =~ s/^ETag: .*\r\n//mi;
    $body =~ s/(zqv\d{4}x)/exists $place{$1} ? "NAME$place{$1}" : $1/ge;

    return "$head\n$body";
}

# What an answer has to show of the first of a pair: of a valid one, what the document
# names; in the view that names everything, whatever may be shown.

sub named {
    my ($document, $format, $credential, $token) = @_;

    my $shown = EveryView::shown($document, $format, sub {
        my ($path) = @_;

        return 1 if $path =~ /^links\.\w+\z/ || $path eq 'is.valid';
        return undef if !$known{$path} || $path eq 'next_change_at';
        return $token if $path =~ /^token\b/;
        return $credential->{status} eq 'issued' if $path eq 'credential.lapses';
        return $credential->{test} if $path eq 'credential.test';
        return $path !~ /^(?:masked|error|is|progress|list)\b/;
    });

    # JSON shows documents with all that is in them

    return grep {
        my $fact = $_;
        $shown->{$fact} || $format eq 'json' && grep { $fact =~ /^\Q$_\E\./ } keys %$shown
    } keys %is;
}

my %is_named;

sub expected {
    my ($document, $format, $credential, $link, $reason) = @_;
    return if $format eq 'png';

    my $token = $link =~ /\d/ ? 1 : 0;
    my $allowed = allowed($credential, $link, $reason);
    my @all = grep { $allowed->($credential->{name}, $_) && ($token || !/^token/) } keys %is;

    if ($document->{view} eq 'greedy') {
        return grep { $format eq 'json' || $_ ne 'credential.attributes.deep' } @all;
    }

    return if $reason ne 'valid' || $link =~ /masked/;

    my $named = $is_named{"$document->{file}{json} $format $credential->{status} $credential->{test} $token"}
        ||= { map { $_ => 1 } named($document, $format, $credential, $token) };

    return grep { $named->{$_} } @all;
}

# HEAD has the same header, and so has 304, as far as it has one.

sub without_body {
    my ($answer, $allowed) = @_;
    my ($path, $key) = @$answer{qw(path key)};
    my $head = ask($path, $key, method => 'HEAD');
    my @wrong = leaks($head, $allowed);
    my $date = qr/^Date: .*\r\n/mi;

    push @wrong, "HEAD $path ($key) is another"
        if $head->{body} ne '' || $head->{head} =~ s/$date//r ne $answer->{head} =~ s/$date//r;

    if ($answer->{head} =~ /^ETag: (.*)\r$/mi) {
        my $known = ask($path, $key, headers => ["If-None-Match: $1"]);

        push @wrong, leaks($known, $allowed);

        # what is baked with the moment of checking is another one a second later

        if ($known->{head} =~ /^ETag: (.*)\r$/mi && $known->{status} == 200) {
            $known = ask($path, $key, headers => ["If-None-Match: $1"]);
            push @wrong, leaks($known, $allowed);
        }

        push @wrong, "$path ($key) is another each time" if $known->{status} != 304;
    }

    return @wrong;
}

# One document in one format, by every handle of every credential.

sub check {
    my ($document, $format) = @_;
    my $what = "$document->{view}/$document->{name}";
    my (@wrong, @unlike, @missing, %shown);
    my ($theme, $unequal) = (0, 0);

    for my $pair (@MarkedStore::pairs) {
        for my $link (sort keys %{$pair->[0]{handle}}) {
            $theme++;

            # pictures are of what the card is, and take their time

            next if $format eq 'png'
                && ($pair->[0]{kind} !~ /^(?:good|revoked|lapsed)\z/ || $link !~ /^(?:full0|masked0|code)\z/);

            for my $key ('test', qw(none live badge)[$theme % 3]) {
                my $reason = reason($pair->[0], $link, $key eq 'test' ? 1 : 0);
                my $hides = grep { $_ eq $reason } 'not_found', @{$hides{$document->{view}} || []};
                my $masked = $link =~ /masked/;
                my $by = $link =~ /\d/ ? 'token' : $link;
                my $rest = "&format=$format$themes[$theme % @themes]";
                my @answers;

                $reason = 'not_found' if $hides;

                for my $credential (@$pair) {
                    my $answer = ask("/open/$what?$by=$credential->{handle}{$link}$rest", $key);
                    my $allowed = allowed($credential, $link, $reason);
                    my %seen;

                    push @answers, $answer;
                    push @wrong, leaks($answer, $allowed, \%seen);
                    push @missing, "$answer->{path} ($key): status $answer->{status}"
                        if $answer->{status} != ($hides ? 404 : 200);

                    next if $credential->{twin};

                    push @wrong, without_body($answer, $allowed) if $theme % 5 == 0;
                    push @missing, map { "$answer->{path} ($key): $_ is missing" } grep { !$seen{$_} }
                                   expected($document, $format, $credential, $link, $reason);
                    $shown{$_} = 1 for keys %seen;
                }

                $unequal++ if plain($answers[0]) ne plain($answers[1]);

                # a reader who may not be told of the holder cannot tell one from another

                if ($hides || $masked) {
                    push @unlike, "$answers[0]{path} ($key) is not as $answers[1]{path}"
                        if plain($answers[0]) ne plain($answers[1]);

                } elsif ($reason ne 'valid' && !$pair->[0]{masked} && $format ne 'png') {
                    push @unlike, "$answers[0]{path} ($key) is not as $answers[1]{path}"
                        if plain($answers[0], $pair->[0]) ne plain($answers[1], $pair->[1]);
                }

                if ($hides) {
                    my $nobody = ask("/open/$what?$by=" . ($by eq 'token' ? 'f' x 64 : 'zqx0000x') . $rest, $key);

                    push @unlike, "$answers[0]{path} ($key) is not as what never was"
                        if plain($answers[0]) ne plain($nobody);
                }
            }
        }
    }

    is(first(@wrong), '', 'nothing is shown that may not be');
    is(first(@unlike), '', 'nor told otherwise');
    is(first(@missing), '', 'what may be shown, and is asked for, is there');

    # nothing of this says anything if nothing is ever shown: of pictures, that they differ

    my $file = $document->{file}{$format eq 'png' ? 'card' : $format};

    if (EveryView::with_partials($file) =~ /\b(?:class|holder|credential)\.[a-z]/) {
        cmp_ok($format eq 'png' ? $unequal : keys %shown, '>', 0, 'something is shown');
    }

    note join ' ', sort keys %shown;
}

sub first {
    return join "\n", map { substr $_, 0, 300 } @_ > 10 ? (@_[0 .. 9], '...') : @_;
}

# What is refused, or cannot be answered, tells nothing at all.

my @refused = (
    # name, place, status, key, more of the URL, more of the request
    ['a wrong key', 'open', 401, undef, '', headers => ['X-API-Key: mx_live_' . 'u' x 32]],
    ['no key', 'closed', 401],
    ['two keys', 'open', 400, 'live', '', headers => ["Authorization: Bearer $key{test}"]],
    ['a suspended key', 'open', 403, 'suspended'],
    ['a key without the scope', 'closed', 403, 'poor'],
    ['a tier without the feature', 'closed', 402, 'plain'],
    ['a quota that is used up', 'open', 429, 'spent'],
    ['two handles', 'open', 400, undef, '&code=zqx'],
    ['an unknown format', 'open', 400, undef, '&format=zqx'],
    ['an unknown theme', 'open', 400, undef, '&theme=zqx'],
    ['another method', 'open', 405, undef, '', method => 'POST'],
    ['no store', 'void', 503],
    ['another issuer', 'other', 404],
);

sub check_refused {
    my ($document, $format) = @_;
    my $what = "$document->{view}/$document->{name}";
    my ($good) = grep { $_->{kind} eq 'good' && !$_->{test} } @MarkedStore::credentials;
    my @wrong;

    for my $case (@refused) {
        my ($name, $place, $status, $key, $more, %is) = @$case;
        my @query = ("token=$good->{handle}{full0}", $more && $more =~ /format/ ? () : "format=$format");

        next if $more && $more =~ /theme/ && $format eq 'json';

        my $answer = ask("/$place/$what?" . join('&', @query) . ($more // ''), $key, %is);

        push @wrong, leaks($answer);
        push @wrong, "$name: $answer->{status}" if $answer->{status} != $status;
    }

    # who guesses is refused until the next minute, which may begin any time

    for my $again (1 .. 5) {
        my ($no, $yes) = map { ask("/guess/$what?code=$_&format=$format") } 'zqx', $good->{handle}{code};

        push @wrong, leaks($no);
        push(@wrong, leaks($yes)), last if $yes->{status} == 429;
        push @wrong, 'guesses are not refused' if $again == 5;
    }

    is(first(@wrong), '', 'what is refused tells nothing');
}

for my $document (grep { $_->{kind} eq 'verdict' } @documents) {
    my ($view, $name, $file) = @$document{qw(view name file)};

    for my $format (@EveryView::formats) {
        if (ask("/open/$view/$name?token=0&format=$format")->{status} == 400) {
            ok(!$file->{$format}, "$view $name does not come as $format");
            next;
        }

        subtest "$view $name as $format" => sub {
            check($document, $format);
            check_refused($document, $format);
        };
    }
}

# How far a holder has come is for those who issue to them: of which credentials they
# have, what finds and dates them; of themselves, nothing.

my %progress = map { $_ => 1 } of(class => qw(id title category category_title)),
                               of(credential => qw(id number issued_at expires_at));

for my $document (grep { $_->{kind} eq 'progress' } @documents) {
    my $what = "$document->{view}/$document->{name}";
    my (@wrong, %seen);

    for my $credential (@MarkedStore::credentials) {
        for my $key (qw(none live test)) {
            my $granted = $credential->{status} =~ /^(?:issued|claimed|used)\z/
                          && $credential->{test} == ($key eq 'test' ? 1 : 0);
            my $answer = ask("/open/$what?holder=$credential->{holder}", $key);

            push @wrong, leaks($answer, sub {
                my ($owner, $fact) = @_;

                return $progress{$fact} && ($fact =~ /^class/
                    || $granted && grep { $owner eq $_ } @{$credential->{owners}});
            }, \%seen);
        }

        push @wrong, map { leaks($_) } ask("/closed/$what?holder=$credential->{holder}"),
                                       ask("/other/$what?holder=$credential->{holder}"),
                                       ask("/void/$what?holder=$credential->{holder}");
    }

    is(first(@wrong), '', "$what shows what it may");
    ok($seen{'credential.number'}, 'and does') or diag explain \%seen;
}

# Who issues is shown the records, whatever the verdict on them, and nobody else is:
# with a key that may read, of issuers that the place is for, tests with test keys.

my %managed = map { $_ => 1 } of(holder => qw(id email)), of(credential => qw(revoked_at revocation_reason)),
    grep { $is{$_} =~ /^(?:public|record|handle|holder)\z/ && !/^token\b|assertion\z/ } keys %is;

sub managed {
    my ($issuer, $test, $credential) = @_;

    return sub {
        my ($owner, $fact) = @_;
        return 0 unless $managed{$fact} && $issuer == $test;
        return grep { $owner eq $_ } map { @{$_->{owners}} }
               grep { $credential ? $_ == $credential : $_->{test} == $test } @MarkedStore::credentials;
    };
}

for my $view (@managing) {
    my (@wrong, %seen, %listed);

    for my $i (0, 1) {
        for my $key (sort(keys %key), 'none') {
            my $reads = $key =~ /^(?:live|test|badge)\z/;
            my $test = $key eq 'test' ? 1 : 0;

            for my $credential (@MarkedStore::credentials) {
                my $answer = ask("/managed/$view/$i/$credential->{id}", $key);
                my $there = $reads && $i == $test && $credential->{test} == $test;
                my $allowed = managed($i, $test, $credential);

                push @wrong, leaks($answer, $there ? $allowed : undef, \%seen);
                push @wrong, "$answer->{path} ($key) is $answer->{status}"
                    if $there ? $answer->{status} != 200 : $answer->{status} !~ /^(?:404|40[123]|429)\z/;
            }

            my $next = '';

            for (1 .. 9) {
                my $answer = ask("/managed/$view/$i?limit=7" . ($next && "&cursor=$next"), $key);

                push @wrong, leaks($answer, $reads ? managed($i, $test) : undef, \my %on);
                $listed{"$i $key"}++ if $on{'credential.id'};
                last unless $reads;

                my $list = decode_json($answer->{body});
                $next = ref $list eq 'ARRAY' ? $list->[1] : ($list->{pagination} || $list)->{next};
                last unless $next;
            }
        }
    }

    is(first(@wrong), '', "$view shows issuers what is theirs");
    ok(!(grep { !$seen{$_} } $view eq 'greedy' ? keys %managed : of(holder => qw(id name email))), 'and does')
        or diag explain [grep { !$seen{$_} } sort keys %managed];
    is_deeply(\%listed, { '0 live' => 3, '0 badge' => 3, '1 test' => 3 }, 'in pages, too');
}

# An item of a list shows what may be shown of it by what it was asked for, which is
# shown as it came; of a wallet, nothing but what is valid is there at all.

sub items {
    my ($what, $answer) = @_;
    my $list = decode_json($answer->{body});

    return @{ref $list eq 'ARRAY' ? $list->[1] : $list->{results} // $list->{badges}};
}

sub leaks_of_item {
    my ($answer, $item, $handle, $allowed, $seen) = @_;

    delete @$item{grep { ($item->{$_} // '') eq $handle } qw(asked code)};

    return leaks({ %$answer, head => '', body => $json->encode($item) }, $allowed, $seen);
}

sub check_batch {
    my ($what, $by, $key) = @_;
    my (@asked, @wrong, %seen);

    for my $credential (@MarkedStore::credentials) {
        for my $link (sort keys %{$credential->{handle}}) {
            push @asked, [$credential, $link] if $by eq ($link =~ /\d/ ? 'token' : $link);
        }
    }

    my $body = $json->encode({ asked => [map { $_->[0]{handle}{$_->[1]} } @asked] });
    my $answer = ask("/$by/$what", $key, method => 'POST', body => $body,
                     headers => ['Content-Length: ' . length $body]);
    my @items = items($what, $answer);

    is(scalar @items, scalar @asked, "$what by $by, with key $key: an item for each");

    for my $i (0 .. $#items) {
        my ($credential, $link) = @{$asked[$i]};
        my $reason = reason($credential, $link, $key eq 'test' ? 1 : 0);

        $reason = 'not_found' if grep { $_ eq $reason } @{$hides{$what =~ s{/.*}{}r} || []};
        push @wrong, leaks_of_item($answer, $items[$i], $credential->{handle}{$link},
                                   allowed($credential, $link, $reason), \%seen);
    }

    is(first(@wrong), '', 'nothing is shown that may not be');
    cmp_ok(scalar keys %seen, '>', 0, 'something is') or diag explain \%seen;
}

sub check_wallets {
    my ($what, $key) = @_;
    my (@wrong, %seen);

    for my $credential (grep { !$_->{twin} } @MarkedStore::credentials) {
        my ($wallet) = grep { "@{$MarkedStore::mark{$_}}" eq "$credential->{name} holder.wallet" } keys %MarkedStore::mark;
        my $reason = reason($credential, 'code', $key eq 'test' ? 1 : 0);
        my $answer = ask("/wallet/$what?wallet=$wallet", $key);
        my @items = items($what, $answer);

        push @wrong, "$answer->{path} ($key): $reason, " . @items if @items != ($reason eq 'valid');
        push @wrong, map { leaks_of_item($answer, $_, $wallet, allowed($credential, 'code', $reason), \%seen) } @items;
        push @wrong, leaks({ %$answer, body => $answer->{body} =~ s/\Q$wallet\E//r }) if !@items;
    }

    is(first(@wrong), '', "wallets of $what, with key $key: nothing is shown that may not be");
    cmp_ok(scalar keys %seen, '>', 0, 'something is') or diag explain \%seen;
}

for my $what (sort keys %EveryView::lists) {
    my (undef, @by) = @{$EveryView::lists{$what}};

    for my $key (qw(none test)) {
        $_ eq 'wallet' ? check_wallets($what, $key) : check_batch($what, $_, $key) for @by;
    }
}

# An Open Badge shows who has it as a hash only, and of one that is over not even what
# it was for; of one that was taken back it is said that it was. What the view of the
# tree shows of each, and no more; "greedy" shows whatever there is for a view.

my @badge = ('credential.assertion', of(badge => qw(identity salt)));
my %shows = (
    valid => [@badge, qw(class.id credential.issued_at credential.narrative
        credential.evidence.id credential.evidence.narrative)],
    expired => [@badge, qw(class.id credential.issued_at)],
    revoked => ['credential.assertion'],
    refunded => ['credential.assertion'],
    class => [of(class => qw(id title description image tags criteria.narrative criteria.url
        alignment.targetName alignment.targetUrl))],
    issuer => [of(issuer => qw(name url description image email))],
);
my %badge_status = (valid => 200, expired => 200, revoked => 410, refunded => 410);

sub allowed_badge {
    my ($credential, $reason) = @_;
    my $allowed = allowed($credential, 'assertion', $reason);
    my %too = map { $_ => 1 } $reason =~ /^(?:valid|expired)\z/ ? @badge
                            : $reason eq 'not_found' ? () : 'credential.assertion';

    return sub {
        my ($owner, $fact) = @_;
        return $allowed->($owner, $fact) || $owner eq $credential->{name} && $too{$fact};
    };
}

# What an answer shows of what it must, if the view is the tree's, else of what it may.

sub amiss {
    my ($view, $answer, $status, $must, $may, $allowed) = @_;
    my %seen;
    my @wrong = leaks($answer, $allowed, \%seen);
    my ($shown, $expected) = map { join ' ', sort @$_ } [keys %seen], $view eq 'greedy' ? $may : $must;

    push @wrong, "$answer->{path} ($answer->{key}): status $answer->{status}" if $answer->{status} != $status;
    push @wrong, "$answer->{path} ($answer->{key}): shows $shown for $expected" if $shown ne $expected;

    return @wrong;
}

# One of a pair, as a document or signed, as there is in a site, or as an image with
# that in it

sub check_one_assertion {
    my ($view, $credential, $i, $key, $reason, $type, $site) = @_;

    $reason = 'not_found' if $type eq ($site ? 'json' : 'jws');

    my $allowed = allowed_badge($credential, $reason);
    my $answer = ask("/badges/open/$view/$i/${site}assertion/$credential->{handle}{assertion}.$type", $key);
    my $status = $view eq 'greedy' && $reason ne 'not_found' ? 200 : $badge_status{$reason} // 404;
    my @must = @{$shows{$reason} || []};
    my @may = grep { my $fact = $_; grep { $mark_of{"$_ $fact"} && $allowed->($_, $fact) } @{$credential->{owners}} } keys %is;
    my $may = $allowed;

    # a bare date ends the day after it, which is no mark

    push @must, 'credential.expires_at' if $reason eq 'valid' && $credential->{kind} eq 'soon';
    @must = grep { !/^credential\.(?:narrative|evidence)/ } @must if $credential->{twin};

    if ($type =~ /g\z/ && $status == 200) {
        my $class = "class $credential->{pair}";

        if ($mark_of{"$class class.picture"} && $reason =~ /^(?:valid|expired)\z/) {
            push @$_, 'class.picture' for \@must, \@may;
            $may = sub { return "@_" eq "$class class.picture" || $allowed->(@_) };
        } else {
            ($status, $may, @must, @may) = (404, sub { 0 });
        }
    }

    # the other of a pair has less than it may show

    return $answer, without_body($answer, $may),
           $credential->{twin} && $view eq 'greedy' ? leaks($answer, $may)
           : amiss($view, $answer, $status, \@must, \@may, $may);
}

sub check_assertions {
    my ($view, $pair, $i, $key, $site) = @_;
    my $reason = $pair->[0]{test} == $i ? reason($pair->[0], 'assertion', $key eq 'test' ? 1 : 0) : 'not_found';
    my (@wrong, @answers);

    $reason = 'not_found' if $reason eq 'pending' && $view ne 'greedy';

    for my $credential (@$pair) {
        for my $type (qw(svg png json jws)) {
            my ($answer, @is) = check_one_assertion($view, $credential, $i, $key, $reason, $type, $site);
            push @wrong, @is;
            push @answers, $answer if $type eq ($site ? 'jws' : 'json');
        }
    }

    if ($reason !~ /^(?:valid|expired)\z/) {
        push @wrong, map { "$_->{path} ($key) is signed" } grep { $_->{head} =~ m{^Content-Type: application/jose}mi } @answers;

        my $never = ask("/badges/open/$view/$i/${site}assertion/" . 'f' x 64 . ($site ? '.jws' : '.json'), $key);

        $answers[$_]{body} =~ s/$pair->[$_]{handle}{assertion}/'f' x 64/ge for 0, 1;
        push @wrong, "$answers[0]{path} ($key) is not as $answers[1]{path}"
            if !$pair->[0]{masked} && plain($answers[0], $pair->[0]) ne plain($answers[1], $pair->[1]);
        push @wrong, "$answers[0]{path} ($key) is not as what never was"
            if $reason eq 'not_found' && plain($answers[0]) ne plain($never);
    }

    return @wrong;
}

sub check_profiles {
    my ($view, $i, $key, $site) = @_;
    my @wrong;

    my $public = sub {
        my (@owner) = @_;
        return sub {
            my ($owner, $fact) = @_;
            return grep({ $_ eq $owner } @owner) && $is{$fact} eq 'public';
        };
    };

    for my $name (map { /^(.*) class\.id\z/ } sort keys %mark_of) {
        my $mine = $name =~ /$i\z/;
        my $id = $mark_of{"$name class.id"};
        my $answer = ask("/badges/open/$view/$i/${site}class/$id.json", $key);
        my @may = $mine ? grep { $is{$_} eq 'public' } keys %is : ();

        # whoever has a picture of its own needs none elsewhere

        my $picture = $mark_of{"$name class.picture"};
        my @must = $mine ? grep { !$picture || $_ ne 'class.image' } @{$shows{class}} : ();

        push @wrong, amiss($view, $answer, $mine ? 200 : 404, \@must, \@may,
                           $mine ? $public->($name, "issuer $i") : undef);
        push @wrong, without_body($answer, $public->($name, "issuer $i"));

        for my $type (qw(svg png)) {
            my $there = $mine && $picture;
            my $shown = $there ? ['class.picture'] : [];
            my $image = ask("/badges/open/$view/$i/${site}class/$id.$type", $key);

            push @wrong, amiss($view, $image, $there ? 200 : 404, $shown, $shown,
                               sub { return $there && "@_" eq "$name class.picture" });
        }
    }

    my $allowed = sub { return $_[1] eq 'issuer.email' ? $_[0] eq "issuer $i" : $public->("issuer $i")->(@_) };
    my $answer = ask("/badges/open/$view/$i/${site}issuer.json", $key);

    push @wrong, check_key($view, $i, $key, $site, $allowed);

    return @wrong, without_body($answer, $allowed),
           amiss($view, $answer, 200, $shows{issuer}, ['issuer.id', @{$shows{issuer}}], $allowed);
}

# A key tells of nobody, and what was taken back is told of alone, and nothing else of it.

sub check_key {
    my ($view, $i, $key, $site, $public) = @_;
    my %gone = map { $_->{name} => 1 } grep { !$i && !$_->{test} && $_->{status} =~ /^(?:revoked|refunded)\z/ }
                                       @MarkedStore::credentials;
    my @may = map { "issuer.$_" } qw(id name url description image email);
    my @key = amiss($view, ask("/badges/open/$view/$i/${site}key.json", $key), $site ? 200 : 404, [],
                    $site ? \@may : [], $public);
    my $list = ask("/badges/open/$view/$i/${site}revocations.json", $key);
    my $allowed = sub { return $_[1] eq 'credential.assertion' ? $gone{$_[0]} : $public->(@_) };
    my @told = $site && %gone ? 'credential.assertion' : ();
    my %ids = map { $_ => 1 } $list->{body} =~ /\b([0-9a-f]{64})\b/g;

    return @key, amiss($view, $list, $site ? 200 : 404, \@told, [$site ? @may : (), @told], $allowed),
           $site && keys %ids != keys %gone ? "$list->{path}: " . keys(%ids) . ' of ' . keys %gone : ();
}

sub check_refused_badges {
    my ($view) = @_;
    my ($good) = grep { $_->{kind} eq 'good' && !$_->{test} } @MarkedStore::credentials;
    my @wrong;

    for my $case (grep { !$_->[4] } @refused) {
        my ($name, $place, $status, $key, undef, %is) = @$case;

        for my $path (map({ my $type = $_; map { "$_.$type" } "assertion/$good->{handle}{assertion}",
                            'class/' . $mark_of{'class good0 class.id'} } qw(json svg)), 'issuer.json',
                      map { "$sites[1]$_" } "assertion/$good->{handle}{assertion}.jws",
                            "assertion/$good->{handle}{assertion}.svg", 'issuer.json', 'revocations.json')
        {
            my $answer = ask("/badges/$place/$view/0/$path", $key, %is);
            push @wrong, leaks($answer);
            push @wrong, "$name: $answer->{path} $answer->{status}" if $answer->{status} != $status;
        }
    }

    return @wrong;
}

for my $view (@badge_views) {
    for my $site (@sites) {
        for my $key (qw(none live test badge)) {
            my @wrong;

            for my $i (0, 1) {
                push @wrong, map { check_assertions($view, $_, $i, $key, $site) } @MarkedStore::pairs;
                push @wrong, check_profiles($view, $i, $key, $site);
            }

            is(first(@wrong), '', "badges of $view, with key $key: just what may be shown is" . ($site && ', signed'));
        }
    }

    is(first(check_refused_badges($view)), '', 'what is refused tells nothing');
}

is($nginx->stop, 0, 'nginx ends well');
is(join("\n", grep { /\[(?:error|alert|crit|emerg)\]/ && !/\bnone\b/ } split /\n/, $nginx->errors), '',
   'and logs nothing');
note "$asked answers";

done_testing;
