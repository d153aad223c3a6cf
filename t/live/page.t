# The verification pages, parsed as a browser would: structure, safety and
# what they say about whom.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Digest::SHA qw(sha256_base64);
use Encode qw(decode_utf8 encode_utf8);
use LiveCommand;
use Png;
use Test::More;

eval { require HTML::Parser; 1 }
    or plan skip_all => 'needs HTML::Parser: libhtml-parser-perl';

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

# Records: one credential of each kind, and names that must not get through

my $evil = q{"><script>alert(1)</script><img src=x onerror='alert(2)'>}
         . q{&lt;{{holder.name}}</title></style>-->};
(my $evil_json = $evil) =~ s/"/\\"/g;

my %token = (valid => 1, masked => 2, token_expired => 3, revoked => 4,
             refunded => 5, expired => 6, pending => 7, evil => 8, bare => 9,
             not_found => 'f');

my @lines = (
    '{"kind":"issuer","id":"truecert","name":"TrueCert","url":"https://truecert.example/","email":"badges@truecert.example"}',
    '{"kind":"issuer","id":"securecodinghub","name":"SecureCodingHub","url":"https://securecodinghub.example/"}',
    '{"kind":"issuer","id":"validtrust","name":"ValidTrust","url":"https://validtrust.example/"}',
    qq({"kind":"issuer","id":"certifier","name":"$evil_json","url":"javascript:alert(1)"}),
    '{"kind":"class","id":"c","issuer":"truecert","title":"Bridge Building","description":"Spans & arches.","category_title":"Works","level":2,"level_label":"Practitioner","criteria":{"narrative":"A bridge that stands.","url":"https://truecert.example/criteria"},"image":"https://truecert.example/c.png"}',
    '{"kind":"class","id":"bare","issuer":"truecert","title":"Bare"}',
    '{"kind":"class","id":"web","issuer":"securecodinghub","title":"Safe Bridges","description":"Spans & arches.","category_title":"Bridges","level":2,"level_label":"Practitioner"}',
    '{"kind":"class","id":"bare-web","issuer":"securecodinghub","title":"Bare"}',
    '{"kind":"class","id":"public","issuer":"validtrust","title":"Public badge"}',
    '{"kind":"class","id":"private","issuer":"validtrust","title":"Private badge"}',
    qq({"kind":"class","id":"e","issuer":"certifier","title":"$evil_json","description":"$evil_json","category_title":"$evil_json","level_label":"$evil_json","criteria":{"narrative":"$evil_json","url":"javascript:alert(1)"}}),
    '{"kind":"holder","id":"h","name":"Jane Smith","display_name":"Janey","email":"jane@mail.example","organization":"Acme Corp"}',
    qq({"kind":"holder","id":"eh","name":"$evil_json","display_name":"$evil_json","organization":"$evil_json"}),
    '{"kind":"holder","id":"nobody"}',
);

my %status = (valid => 'issued', expired => 'issued', revoked => 'revoked',
              refunded => 'refunded', pending => 'pending', evil => 'issued',
              bare => 'issued');

for my $id (sort keys %status) {
    my $class = $id eq 'evil' ? 'e' : $id eq 'bare' ? 'bare' : 'c';
    my $holder = $id eq 'evil' ? 'eh' : $id eq 'bare' ? 'nobody' : 'h';
    my $expires = $id eq 'expired' ? '"2021-03-04"' : 'null';
    my $more = $id eq 'evil'
             ? qq(,"score":"$evil_json","number":"$evil_json","narrative":"$evil_json","evidence":[{"id":"javascript:alert(1)","narrative":"$evil_json"}])
             : $id eq 'bare' ? ''
             : qq(,"score":"87.5%","number":"N-$id");

    push @lines, qq({"kind":"credential","id":"$id","class":"$class","holder":"$holder","status":"$status{$id}","issued_at":"2020-02-15","expires_at":$expires$more});
}

# The same for the services that know credentials by number and by code

my %badge = (%status, claimed => 'claimed', used => 'used', lasting => 'issued');

for my $id (sort keys %badge) {
    my $expires = $id =~ /^(expired|claimed)$/ ? '"2021-03-04"' : $id eq 'lasting' ? '"2999-12-20"' : 'null';
    my $holder = $id eq 'evil' ? 'eh' : $id eq 'bare' ? 'nobody' : 'h';
    my $web = $id eq 'evil' ? 'e' : $id eq 'bare' ? 'bare-web' : 'web';
    my $type = $id eq 'evil' ? 'e' : $id eq 'claimed' ? 'private' : 'public';
    my $message = $id eq 'evil' ? $evil_json : 'Trust & see.';
    my $attributes = $id eq 'bare' ? ''
        : qq(,"attributes":{"message":"$message","sender_wallet":"WALLET2","webauthn_credential_id":"","email_verified":true,"email_hash":"HASH","claimed_at":)
          . ($id eq 'evil' ? qq("$evil_json"}) : '"2020-02-16T01:02:03Z"}');

    push @lines, qq({"kind":"credential","id":"s-$id","class":"$web","holder":"$holder","status":"$badge{$id}","issued_at":"2020-02-15","expires_at":$expires,"number":"S/$id 1"}),
                 qq({"kind":"credential","id":"v-$id","class":"$type","holder":"$holder","status":"$badge{$id}","created_at":"2020-02-15T12:00:00Z","expires_at":$expires,"code":"V-$id"$attributes});
}

for ([s => 'masked', 'a'], [s => 'token_expired', 'b'],
     [v => 'masked', 'c'], [v => 'token_expired', 'd'])
{
    my ($which, $name, $digit) = @$_;
    my $privacy = $name eq 'masked' ? 'masked' : 'full';
    my $expires = $name eq 'masked' ? '2999-07-08' : '2021-05-06';

    push @lines, '{"kind":"token","token":"' . $digit x 64
               . qq(","credential":"$which-valid","privacy":"$privacy","created_at":"2020-02-15","expires_at":"$expires"});
}

for my $name (sort keys %token) {
    next if $name eq 'not_found';

    my $id = $name =~ /^(masked|token_expired)$/ ? 'valid' : $name;
    my $privacy = $name eq 'masked' ? 'masked' : 'full';
    my $expires = $name eq 'token_expired' ? '2021-05-06' : '2999-07-08';

    push @lines, '{"kind":"token","token":"' . $token{$name} x 64
               . qq(","credential":"$id","privacy":"$privacy","created_at":"2020-02-15","expires_at":"$expires"});
}

# A server as demo.conf has it, but for the port, an issuer more for each of
# the services that have one, and tokens for those that have none

my $prefix = prefix();
my $port = free_port();

mkdir "$prefix/var" or die "var: $!";
open my $out, '>:utf8', "$prefix/lines" or die "lines: $!";
print $out map { "$_\n" } @lines;
close $out or die "lines: $!";

my $conf = slurp("$prefix/conf-examples/demo.conf");
$conf =~ s/:8080;/:$port;/;
$conf =~ s/credverify_issuers (\w+);(?!\s*credverify_openbadges)/credverify_issuers $1 certifier;/g;
$conf =~ s{(?=\n +location = / \{)}{
    location = /token/securecodinghub {
        credverify_view securecodinghub;
        credverify_format \$arg_format html qr;
        credverify_verify token=\$arg_token;
    }
    location = /token/validtrust {
        credverify_view validtrust;
        credverify_format \$arg_format html qr;
        credverify_verify token=\$arg_token;
    }
};
$conf =~ s/^user .*;//m if $> != 0;
open $out, '>', "$prefix/test.conf" or die "test.conf: $!";
print $out $conf;
close $out or die "test.conf: $!";

for my $command ('build/credverify init --map-size 64M',
                 'build/credverify import lines')
{
    my $said = `cd $prefix && $command 2>&1`;
    $? == 0 or BAIL_OUT("$command: $said");
}

my $server = spawn($prefix, "$prefix/output", 'nginx', '-p', '.',
                   '-e', 'var/error.log', '-c', 'test.conf',
                   '-g', 'daemon off;');

for (1 .. 100) {
    last if answers($port) || defined ended($server, 0.1);
}

# A page, taken apart

my %void = map { $_ => 1 } qw(meta link br hr img input);

sub take_apart {
    my $body = shift;
    my %page = (tags => [], text => '', wrong => []);
    my (@open, $parser);

    my $start = sub {
        my ($tag, $attrs, $text) = @_;

        push @{ $page{tags} }, [$tag, $attrs, ''];
        push @open, $tag unless $void{$tag} || $text =~ m{/>\z};
    };

    my $end = sub {
        my $tag = shift;

        if (@open && $open[-1] eq $tag) {
            pop @open;
        } else {
            push @{ $page{wrong} }, "</$tag>";
        }
    };

    my $text = sub {
        my $text = shift;
        my $in = (grep { $_ ne 'bdi' } @open)[-1] // '';

        $page{text} .= $text unless $in =~ /^(style|title|)$/;
        push @{ $page{in}{$in} }, $text;
    };

    $parser = HTML::Parser->new(
        api_version => 3,
        utf8_mode => 0,
        strict_comment => 1,
        start_h => [$start, 'tagname, attr, text'],
        end_h => [$end, 'tagname'],
        text_h => [$text, 'dtext'],
        comment_h => [sub { push @{ $page{wrong} }, 'a comment' }, ''],
    );

    $parser->unbroken_text(1);
    $parser->parse(decode_utf8($body));
    $parser->eof;

    push @{ $page{wrong} }, map { "<$_>" } @open;
    $page{text} =~ s/\s+/ /g;

    return \%page;
}

sub tags {
    my ($page, $name) = @_;
    return map { $_->[1] } grep { $_->[0] eq $name } @{ $page->{tags} };
}

sub meta {
    my ($page, $name) = @_;
    my @found = grep { ($_->{name} // '') eq $name
                       || ($_->{property} // '') eq $name } tags($page, 'meta');

    return @found == 1 ? $found[0]{content} : undef;
}

# The tags in HTML that is shown to be copied, with where they lead to and
# their words

sub shown_html {
    my $page = shift;
    my @tags;

    my $parser = HTML::Parser->new(
        api_version => 3,
        start_h => [sub {
            my ($tag, $attr) = @_;
            push @tags, [$tag, $attr->{href} // $attr->{src},
                         grep { defined } $attr->{alt} // $attr->{title}];
        }, 'tagname, attr'],
    );

    $parser->parse(join '', @{ $page->{in}{code} || [] });
    $parser->eof;

    return \@tags;
}

sub uri {
    return $_[0] =~ s/([^\w.~-])/sprintf '%%%02X', ord $1/ger;
}

# What every page is

sub well_made {
    my ($page, $header, $body) = @_;
    my @tags = @{ $page->{tags} };
    my ($csp) = $header =~ /^Content-Security-Policy: (.*?)\r?$/mi;
    my @attrs = map { [$_->[0], %{ $_->[1] }] } @tags;
    my (%ids, @bad);

    like($body, qr/\A<!doctype html>\n/i, 'standards mode');
    is_deeply($page->{wrong}, [], 'tags are balanced');
    cmp_ok(length $body, '<', 24 * 1024, 'small');

    is(scalar tags($page, $_), 1, "one $_")
        for qw(html head title body header main footer h1 style);

    is((tags($page, 'html'))[0]{lang}, 'en', 'language');
    like((tags($page, 'html'))[0]{'data-theme'}, qr/^(auto|light|dark)$/,
         'theme');
    like(meta($page, 'viewport'), qr/width=device-width/, 'viewport');
    like(meta($page, 'robots'), qr/noindex/, 'not for search engines');

    ok(length(meta($page, $_) // ''), $_)
        for qw(description og:title og:description og:type og:site_name
               twitter:card);

    ok(!tags($page, $_), "no $_")
        for qw(script iframe object embed form base);

    for my $tag (@tags) {
        my ($name, $attr) = @$tag;

        for (sort keys %$attr) {
            push @bad, "$name $_"
                if /^on|^style$|^src|^action$/ && "$name $_" ne 'img src';
        }

        if ($name eq 'a') {
            push @bad, "a $attr->{href}"
                unless ($attr->{href} // '')
                       =~ m{^https://\w+\.example/|^#?$|^about:
                            |^http://localhost:8080/badges/api/assertion/[0-9a-f]{32}\.json\z
                            |^https://www\.linkedin\.com/profile/add\?
                             [\w.~%=&-]+$}x;
            push @bad, "a leads on with $attr->{rel}"
                if $attr->{rel} ne 'noopener noreferrer';

        } elsif ($name eq 'img') {
            push @bad, "img $attr->{src}"
                unless $attr->{src} =~ /^\?[\w.~%=&-]*\bformat=qr$/;
            push @bad, 'img without words or size'
                unless $attr->{alt} && $attr->{width} && $attr->{height};

        } elsif ($name eq 'link' && $attr->{rel} eq 'canonical') {
            push @bad, "canonical $attr->{href}"
                unless $attr->{href} eq (meta($page, 'og:url') // '');

        } elsif (defined $attr->{href}) {
            push @bad, "$name $attr->{href}" unless $attr->{href} =~ /^data:/;
        }

        push @bad, "id $attr->{id}"
            if defined $attr->{id} && $ids{ $attr->{id} }++;

        push @bad, "$name has no label"
            if $name eq 'section' && !$attr->{'aria-label'}
               && !$attr->{'aria-labelledby'};

        push @bad, 'svg is read' if $name eq 'svg'
                                    && ($attr->{'aria-hidden'} // '') ne 'true';
    }

    for (map { $_->[1]{'aria-labelledby'} } @tags) {
        push @bad, "no id $_" if defined && !$ids{$_};
    }

    is_deeply(\@bad, [], 'nothing unsafe, everything labelled');

    my ($level, $skipped) = (0, 0);

    for (grep { $_->[0] =~ /^h[1-6]$/ } @tags) {
        my $next = substr $_->[0], 1;
        $skipped++ if $next > $level + 1;
        $level = $next;
    }

    is($skipped, 0, 'headings in order');

    my ($style) = $body =~ m{<style>(.*?)</style>}s;
    my $hash = sha256_base64($style);
    $hash .= '=' while length($hash) % 4;

    like($csp, qr/\bdefault-src 'none'/, 'policy');
    like($csp, qr/\bstyle-src 'sha256-\Q$hash\E'/, 'policy: style');
    unlike($style, qr{url\(|\@import|http}i, 'style is all there is');
}

my %url = (
    truecert => sub { '/api/verify/?token=' . $token{$_[0]} x 64 },
    native => sub { '/api/v2/verify?format=html&token=' . $token{$_[0]} x 64 },
    securecodinghub => sub {
        my %secret = (masked => 'a', token_expired => 'b');

        return $secret{$_[0]}
            ? '/token/securecodinghub?token=' . $secret{$_[0]} x 64
            : "/verify/S%2F$_[0]%201";
    },
    validtrust => sub {
        my %secret = (masked => 'c', token_expired => 'd');

        return $secret{$_[0]}
            ? '/token/validtrust?token=' . $secret{$_[0]} x 64
            : "/verify?code=V-$_[0]";
    },
);

sub page {
    my ($view, $name, $expect) = @_;
    my $url = $url{$view}->($name);
    my ($status, $header, $body) =
        fetch("curl 'http://127.0.0.1:$port$url'");

    is($status, $expect // ($name eq 'not_found' ? 404 : 200), 'status');

    my $page = take_apart($body);
    well_made($page, $header, $body);

    return ($page, $body);
}

my %says = (
    valid => ['Valid', 'Jane Smith', 'Acme Corp', 'Bridge Building', 'Works',
              'Practitioner', 'Spans & arches.', 'A bridge that stands.',
              '87.5%', 'N-valid', '15 February 2020', '8 July 2999',
              'TrueCert'],
    masked => ['Valid', 'Bridge Building', 'Works', 'private', '8 July 2999',
               'TrueCert'],
    token_expired => ['Not valid', 'xpired', '6 May 2021'],
    revoked => ['Not valid', 'revoked', 'Bridge Building', 'TrueCert'],
    refunded => ['Not valid', 'refunded', 'Bridge Building'],
    expired => ['Not valid', 'expired', '4 March 2021', 'Bridge Building'],
    pending => ['Not valid', 'not in force yet', 'Bridge Building'],
    not_found => ['Not valid', 'not found'],
    bare => ['Valid', 'Bare', '15 February 2020'],
);

my %title = (valid => 'Valid', masked => 'Valid', bare => 'Valid',
             token_expired => 'Link expired', revoked => 'Revoked',
             refunded => 'Refunded', expired => 'Expired',
             pending => 'Pending');

for my $view (qw(truecert native)) {
    for my $name (sort keys %says) {
        subtest "$view: $name" => sub {
            my ($page, $body) = page($view, $name);
            my ($h1) = $page->{text} =~ /(Not valid|Valid)\b/;
            my $answer = $says{$name}[0];

            is($h1, $answer, 'the answer comes first');
            like($page->{text}, qr/\Q$_\E/, "says: $_")
                for @{ $says{$name} };
            like($page->{text}, qr/\bon \d+ \w+ \d{4}, [\d:]{8} UTC\b/,
                 'says when it was checked');

            if ($name ne 'valid') {
                unlike($body, qr/$_/, "does not say: $_")
                    for qw(Jane Smith Acme 87\.5 N-);
            }

            unlike($body, qr/2020-02|February 2020/, 'does not say when')
                if $name =~ /^(masked|token_expired|not_found)$/;

            # of where the page is, whatever of it is known

            my $secret = $token{$name} x 64;
            my $where = { truecert => 'https://truecert.example/api/verify/?token=',
                          native => 'https://verify.example/api/v2/verify?token='
                        }->{$view} . $secret;
            my $end = $view eq 'native' ? '&format=html' : '';

            unlike($body, qr/jane\@mail/, 'no address');

            is(scalar(() = $body =~ m{/badges/api/assertion/}g), $view eq 'truecert' && $name eq 'valid' ? 1 : 0,
               'where the Open Badge is');

            if ($name eq 'not_found') {
                unlike($body, qr/$secret/, 'not where it is');

            } else {
                is(meta($page, 'og:url'), "$where$end", 'where it is');
                is(meta($page, 'og:image'), "$where&format=png", 'a picture');
                is(meta($page, 'twitter:card'), 'summary_large_image',
                   'and a card for it');
                is(meta($page, "og:image:$_->[0]"), $_->[1], "its $_->[0]")
                    for [type => 'image/png'], [width => 1200],
                        [height => 630];
                like(meta($page, 'og:image:alt'), qr/^\Q$title{$name}\E\b/,
                     'and in words');
            }

            is(scalar tags($page, 'img'),
               $name =~ /^(not_found|token_expired)$/ ? 0 : 1, 'QR code');

            my ($profile) = grep { /linkedin/ }
                            map { $_->{href} } tags($page, 'a');

            is($profile, $name eq 'valid'
               ? 'https://www.linkedin.com/profile/add'
                 . '?startTask=CERTIFICATION_NAME&name=Bridge%20Building'
                 . '&organizationName=TrueCert&issueYear=2020&issueMonth=2'
                 . '&certId=N-valid&certUrl='
                 . uri("$where$end")
               : undef, 'for a profile') if $name ne 'bare';

            my $words = $name eq 'bare' ? 'Bare, TrueCert: is it valid?'
                                        : 'Bridge Building, TrueCert: is it valid?';

            is_deeply(shown_html($page), $answer ne 'Valid' ? [] : [
                [a => "$where$end"], [img => "$where&format=svg", $words],
                [iframe => "$where&format=badge", $words],
            ], 'an image and a frame to copy');

            my $preview = meta($page, 'og:description') =~ s/\s+\z//r;

            like($preview, qr/ Checked .*on \d+ [A-Z][a-z]+ \d{4}\.$/, 'a preview says when')
                if $answer eq 'Valid';
            like($page->{text}, qr/\Q$preview\E/, 'a preview has the words of the page')
                if $answer ne 'Valid';
            cmp_ok(length $preview, '>', 20, 'and it has some');

            like(meta($page, 'og:title'), qr/^Valid\b/, 'preview')
                if $answer eq 'Valid';
            unlike(meta($page, 'og:title'), qr/^Valid\b/, 'preview')
                if $answer ne 'Valid';
        };
    }

    subtest "$view: hostile names" => sub {
        my ($page) = page($view, 'evil');
        my $seen = () = $page->{text} =~ /\Q$evil\E/g;

        cmp_ok($seen, '>=', 8, 'shown as they are');
        like($page->{in}{title}[0], qr/\Q$evil\E/, 'in the title');
        like(meta($page, 'og:title'), qr/\Q$evil\E/, 'in the preview');
        is_deeply([map { [$_->[0], $_->[2] // ''] } @{ shown_html($page) }],
                  [[a => ''], [img => "$evil, $evil: is it valid?"],
                   [iframe => "$evil, $evil: is it valid?"]], 'in what is copied');
    };
}

# What is not good is not found at SecureCodingHub, a revoked badge at
# ValidTrust; what those pages say, and what they must not

my $nothing = qr/Jane|Acme|S\/|V-|Bridges|Public|WALLET|HASH|Trust &|2020|2021/;

my %service = (
    securecodinghub => {
        valid => [200, 'Valid', ['Jane Smith', 'Acme Corp', 'Safe Bridges',
            'Practitioner', 'Level 2', 'Spans & arches.', 'S/valid 1',
            '15 February 2020', 'Never', 'SecureCodingHub'], qr/Janey/],
        claimed => [200, 'Valid', ['S/claimed 1', '15 February 2020'], qr/2021/],
        bare => [200, 'Valid', ['Bare', 'S/bare 1'], qr/Jane|Acme/],
        masked => [200, 'Valid', ['Safe Bridges', 'not named here'],
            qr/Jane|Acme|S\/|2020/],
        map({ $_ => [404, 'Not valid', ['Certificate not found'],
                     qr/$nothing|revoked|expired|refunded|pending/] }
            qw(revoked refunded expired pending token_expired not_found)),
    },
    validtrust => {
        valid => [200, 'Valid', ['Badge active', 'Public badge',
            'Trust & see.', 'Janey', 'Wallet connected', 'Passkey not used',
            'E-mail verified', 'V-valid', '15 February 2020', 'ValidTrust'],
            qr/Jane Smith|Acme|WALLET|HASH/],
        claimed => [200, 'Valid', ['Badge claimed', 'Private badge',
            'Trust & see.', 'Janey', '16 February 2020'], qr/4 March 2021/],
        used => [200, 'Valid', ['Badge used', 'Trust & see.'], qr/HASH/],
        bare => [200, 'Valid', ['Badge active', 'Wallet not connected',
            'Passkey not used', 'E-mail not verified'], qr/Jane|Trust &/],
        lasting => [200, 'Valid', ['Badge active', 'Good until20 December 2999 '], qr/21 December|00:00:00/],
        masked => [200, 'Valid', ['Public badge', 'stays private', '9 July 2999, 00:00:00 UTC'],
            qr/Jane|V-|Trust &|2020|Wallet|Passkey|E-mail/],
        expired => [200, 'Not valid', ['Badge expired', '4 March 2021',
            'Public badge', 'Wallet connected', 'V-expired',
            '15 February 2020'], qr/Jane|Trust &|WALLET|HASH|16 Feb/],
        refunded => [200, 'Not valid', ['Badge refunded', 'Wallet connected'],
            qr/Jane|Trust &|16 Feb/],
        pending => [200, 'Not valid', ['not in force yet', 'Badge pending'],
            qr/Jane|Trust &|16 Feb/],
        map({ $_ => [404, 'Not valid', ['Badge not found'],
                     qr/$nothing|[Rr]evoked|Wallet/] }
            qw(revoked token_expired not_found)),
    },
);

for my $view (sort keys %service) {
    for my $name (sort keys %{ $service{$view} }) {
        my ($status, $answer, $says, $lacks) = @{ $service{$view}{$name} };

        subtest "$view: $name" => sub {
            my ($page, $body) = page($view, $name, $status);
            my ($h1) = $page->{text} =~ /(Not valid|Valid)\b/;
            my $title = meta($page, 'og:title');
            my $shown = join ' ', $page->{text}, $title,
                                  meta($page, 'description');

            is($h1, $answer, 'the answer comes first');
            like($page->{text}, qr/\Q$_\E/, "says: $_") for @$says;
            like($page->{text}, qr/\bon \d+ \w+ \d{4}, [\d:]{8} UTC\b/,
                 'says when it was checked');
            unlike($shown, $lacks, 'and nothing that it must not');
            unlike($body, qr/jane\@mail|WALLET|HASH|[a-d]{64}/, 'no secret');

            if ($view eq 'securecodinghub') {
                my $words = $answer eq 'Valid' ? qr/^Valid certificate: /
                                               : qr/^Certificate not found$/;
                like($title, $words, 'preview');

            } elsif ($answer eq 'Valid') {
                is($title, 'ValidTrust — Verified Badge', 'preview');

            } else {
                like($title, qr/^ValidTrust — Badge (not found|$name)$/,
                     'preview');
            }
        };
    }

    subtest "$view: hostile names" => sub {
        my ($page) = page($view, 'evil');
        my $seen = () = $page->{text} =~ /\Q$evil\E/g;

        cmp_ok($seen, '>=', 4, 'shown as they are');
        like(meta($page, 'description'), qr/\Q$evil\E/, 'in the preview');
    };
}

{
    my ($page) = page('validtrust', 'valid');
    is(meta($page, 'description'), 'Public badge: Trust & see.',
       'a preview of a badge has its type and message');
    is(meta($page, 'og:image'),
       'https://validtrust.example/verify?code=V-valid&format=png',
       'and a picture');
    is(meta($page, 'twitter:card'), 'summary_large_image', 'and a card');
    is(meta($page, 'og:url'), 'https://validtrust.example/verify?code=V-valid',
       'and says where it is');

    ($page) = page('validtrust', 'expired');
    is(meta($page, 'description'), 'Public badge', 'not when it is over');
}

# The picture that a page names is one, and the other forms are there

for my $view (sort keys %url) {
    my ($page) = page($view, 'valid');

    subtest "$view: a picture, and what can be embedded" => sub {
        my ($image, $embed) = map { $_->[1] } grep { $_->[0] ne 'a' }
                              @{ shown_html($page) };
        my ($status, $header, $body);

        for ([meta($page, 'og:image'), 'image/png'], [$image, 'image/svg\\+xml'],
             [$embed, 'text/html'])
        {
            my ($path) = $_->[0] =~ m{^https://\w+\.example(/.*)};

            ($status, $header, $body) = fetch("curl 'http://127.0.0.1:$port$path'");
            is($status, 200, "$path");
            like($header, qr/^Content-Type: $_->[1]/mi, 'its type');

            next if $_->[1] ne 'image/png';

            my $png = Png::read($body);
            is(ref $png && "$png->{width} x $png->{height}",
               join(' x ', map { meta($page, "og:image:$_") } qw(width height)),
               'a picture of that size');
        }

        like($header, qr/frame-ancestors \*/, 'may be framed');
    };
}

# The QR code that a page shows leads to where the page is; of what was not
# found there is none

for my $view (sort keys %url) {
    for my $name ('valid', 'masked', 'evil', 'not_found') {
        next if $name eq 'masked' && $view !~ /^(truecert|native)$/;

        subtest "$view: QR code, $name" => sub {
            my $at = $url{$view}->($name) =~ s/format=html&//r;
            $at .= ($at =~ /\?/ ? '&' : '?') . 'format=qr';
            my ($status, $header, $body) = fetch("curl 'http://127.0.0.1:$port$at'");
            my ($page) = page($view, $name);
            my ($side) = $body =~ /viewBox="0 0 (\d+) \1"/;
            my ($d) = $body =~ / d="(M[^"]+)"\/>\n/;
            my ($desc) = decode_utf8($body) =~ m{<desc id="desc">(.*)</desc>};

            is($status, $name eq 'not_found' ? 404 : 200, 'status');
            like($header, qr{^Content-Type: image/svg\+xml}mi, 'a drawing');
            unlike($body, qr/Jane|Acme|87\.5|N-valid|<script/, 'of nobody');

            if ($name eq 'not_found') {
                unlike($body, qr/shape-rendering/, 'of nothing');
                unlike($body, qr/https?:(?!\/\/www\.w3\.org)/, 'and leads nowhere');
                return;
            }

            my $where = meta($page, 'og:url') =~ s/&/&amp;/gr;

            is($desc, "Leads to $where, which says whether this is valid.", 'to the page');
            like($d, qr/^M4 4h7v1h-7z/, 'with a pattern in a corner');
            is((scalar grep { /^M4 (\d+)h7/ && $1 == $side - 5 } $d =~ /(M\d+ \d+h\d+)/g), 1,
               'and in another');
            is((tags($page, 'img'))[0]{src}, $at =~ s/^[^?]*//r,
               'as the page has it');
        };
    }
}

# Where it is not said where the page is, the picture says that there is no link

for my $view ('securecodinghub', 'validtrust') {
    subtest "$view: QR code, no place" => sub {
        my ($status, $header, $body) = fetch("curl 'http://127.0.0.1:$port/token/$view?token="
                                             . ($view eq 'validtrust' ? 'c' : 'a') x 64 . "&format=qr'");

        is($status, 200, 'status');
        like($header, qr{^Content-Type: image/svg\+xml}mi, 'a drawing');
        like($body, qr/ viewBox="0 0 232 232"/, 'that is drawn');
        like($body, qr{<text [^>]*>No link</text>}, 'in words');
        like($body, qr{<title id="title">No QR code: \w}, 'by its title');
        like($body, qr{<desc id="desc">There is no link that it could lead to\.</desc>}, 'and why');
        unlike($body, qr/ d="|shape-rendering/, 'no code');
    };

    my (undef, undef, $body) = fetch("curl 'http://127.0.0.1:$port/token/$view?token=" . 'f' x 64 . "&format=qr'");
    like($body, qr/ viewBox="0 0 232 232".*<svg viewBox="-12 -12 40 40">/s, "$view: what is not found is drawn, too");
}

# A page of which it is not said where it is

{
    my ($page) = page('validtrust', 'masked');

    is(meta($page, 'twitter:card'), 'summary', 'no place: a small card');
    is(meta($page, $_), undef, "no place: no $_") for qw(og:url og:image);
    is(scalar(grep { $_->{rel} eq 'canonical' } tags($page, 'link'))
       + tags($page, 'img') + tags($page, 'details'), 0,
       'no place: nothing that leads there');
}

# A number that has more than letters in it

{
    my ($page) = page('securecodinghub', 'valid');
    my $where = 'https://securecodinghub.example/verify/S%2Fvalid%201';

    is(meta($page, 'og:url'), $where, 'where a number is');
    is((tags($page, 'img'))[0]{src}, '?format=qr', 'its QR code');
}

# What the page is of is where it says to be, whatever else is in its address

for my $args ('CODE=V-valid&code=V-used', 'code=V-valid&code=V-used', 'number=&number=V-used&code=V-valid') {
    my (undef, undef, $body) =
        fetch("curl 'http://127.0.0.1:$port/api/v2/verify?$args&format=html'");
    my $page = take_apart($body);
    my $at = 'https://verify.example/api/v2/verify?code=V-valid&format=';

    is(meta($page, 'og:url'), $at . 'html', "where it is: $args");
    is(meta($page, 'og:image'), $at . 'png', "its picture: $args");
    is((tags($page, 'img'))[0]{src}, '?code=V-valid&format=qr', "its QR code: $args");
}

# A theme that is asked for

for my $theme (undef, '', 'auto', 'light', 'dark') {
    my $more = defined $theme ? "&theme=$theme" : '';
    my (undef, undef, $body) =
        fetch("curl 'http://127.0.0.1:$port" . $url{truecert}->('valid')
              . "$more'");

    is((tags(take_apart($body), 'html'))[0]{'data-theme'}, $theme || 'auto',
       'theme ' . ($theme // 'of its own'));
}

# Errors are pages too

for my $case (['missing token', '/api/verify/', 404, qr/Not valid/],
              ['unknown format', '/api/verify/?format=xml', 400,
               qr/format .*\bexactly as you were given it/],
              ['unknown theme', '/api/verify/?theme=pink', 400,
               qr/theme .*\bexactly as you were given it/],
              ['no handle', '/api/v2/verify?format=html', 400, qr/No cred/],
              ['no number', '/verify/', 404, qr/Certificate not found/],
              ['no code', '/verify', 404, qr/Badge not found/])
{
    my ($name, $url, $expect, $words) = @$case;

    subtest "error: $name" => sub {
        my ($status, $header, $body) =
            fetch("curl -H 'Accept: text/html' 'http://127.0.0.1:$port$url'");
        my $page = take_apart($body);

        is($status, $expect, 'status');
        well_made($page, $header, $body);
        like($page->{text}, $words, 'words');
    };
}

is(slurp("$prefix/var/error.log"), '', 'nothing is logged');

kill 'TERM', $server;
is(ended($server, 20), 0, 'the server ends');

done_testing();
