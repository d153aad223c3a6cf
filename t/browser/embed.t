# Badges where they are meant to be: in an <img> and an <iframe> of a page of
# another site, and as documents of their own.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Browser;
use LivePages;
use Test::More;

my $missing = Browser::missing();
plan skip_all => $missing if $missing;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

# The forms there are: how each is shown, and how large it is or may have to be

my %form = (
    badge => { tag => 'iframe', sizes => [[320, 80], [220, 60]] },
    svg   => { tag => 'img', sizes => [[undef, 28]] },
    card  => { tag => 'img', sizes => [[1200, 630]] },
    qr    => { tag => 'img', sizes => [[undef, undef]] },
    png   => { tag => 'img', sizes => [[1200, 630]] },
);

# The word for each verdict; a service that keeps its reasons to itself says
# "Not found".

my %word = (
    valid => 'Valid', claimed => 'Valid', masked => 'Valid',
    lasting => 'Valid', lapsed => 'Expired',
    link => 'Link expired', revoked => 'Revoked', refunded => 'Refunded',
    expired => 'Expired', pending => 'Pending', unknown => 'Not found',
);

my %tested = ((map { $_ => 'Verified' } qw(valid claimed masked lasting)),
              (map { $_ => 'Retest due' } qw(expired lapsed)),
              (map { $_ => 'Not found' } qw(link refunded pending)));

my %own = (
    'testedclear badge' => \%tested,
    'testedclear verify' => \%tested,
    'validtrust verify' => { map { $_ => 'Not found' } qw(link revoked) },
    map { $_ => { map { $_ => 'Not found' }
                  qw(link revoked refunded expired lapsed pending) } }
        'securecodinghub verify', 'mail message',
);

my $host = '<!doctype html><html lang=en><title>Host</title>'
         . '<link rel=icon href=data:,><style>body{display:grid;gap:8px;'
         . 'justify-items:start}h1{grid-column:1/-1}iframe{border:0}</style>'
         . '<h1>Elsewhere</h1>';

my $nginx = LivePages->start(
    also => { 'testedclear badge' => 'credverify_frame_ancestors *;' },
    server => <<"EOF_CONF");
location = /host { default_type text/html; return 200 '$host'; }
location = /some {
    credverify_frame_ancestors http://good.test:\@PORT\@;
    credverify_verify token=\$arg_token;
}
EOF_CONF

my %documents = documents();
my @documents = grep { my $formats = $documents{$_}; grep { $form{$_} } keys %$formats }
                sort keys %documents;
my $browser = Browser->start;
my $base = "http://127.0.0.1:$nginx->{port}";

sub url {
    my ($document, $form, $token, $more) = @_;
    return "$base/" . ($document =~ tr{ }{/}r) . "?format=$form&token=$token"
         . ($more // '');
}

sub on {
    my $site = shift;
    $browser->open("http://$site:$nginx->{port}/host");
}

# In a frame, then on the page again

sub within {
    my ($index, $do) = @_;
    $browser->frame($index);
    my @found = $do->();
    $browser->frame(undef);
    return @found;
}

# What there is to embed of a document: [form, width, height] each

sub shapes {
    my ($document, @forms) = @_;
    my @shapes;

    for my $form (@forms ? @forms : sort keys %form) {
        next unless $documents{$document}{$form};
        push @shapes, map { [$form, @$_] } @{ $form{$form}{sizes} };
    }

    return @shapes;
}

# Puts those on the page for each token: [what it is, shape, number of the frame
# or undef, what it is in the page].

sub embedded {
    my ($document, $shapes, @tokens) = @_;
    my (@all, @tags);
    my $frames = 0;

    for (@tokens) {
        my ($what, $token) = @$_;

        for my $shape (@$shapes) {
            my ($form, $width, $height) = @$shape;
            my $tag = $form{$form}{tag};
            my $framed = $tag eq 'iframe';

            push @tags, [$tag, url($document, $form, $token),
                $framed ? { width => $width, height => $height, title => $what }
                        : { alt => $what, $width ? (width => 400) : () }];
            push @all, [$what, $shape, $framed ? $frames++ : undef];
        }
    }

    $browser->run('document.body.style.gridTemplateColumns = arguments[0]',
                  'repeat(' . @$shapes . ', max-content)');

    my @found = $browser->embed(@tags);
    return map { [@$_, shift @found] } @all;
}

# All verdicts of a document on one page of another site

for my $document (@documents) {
    my $file = $document =~ tr/ /-/r;

    subtest "$document on another site" => sub {
        $browser->look(size => [2300, 2800], scheme => 'light', media => 'screen');
        on('site.test');

        my @all = embedded($document, [shapes($document)],
                           map { [$_, verdict($_)] } sort keys %word);

        for (@all) {
            my ($verdict, $shape, $frame, $found) = @$_;
            my ($form, $width, $height) = @$shape;
            my $word = $own{$document}{$verdict} // $word{$verdict};
            my $name = join ' ', $verdict, $form, $width // ();

            if (!defined $frame) {
                ok($found && $found->[0] && $found->[1], "$name: shown");
                is($found->[0], $width, "$name: width") if $width;
                is($found->[1], $height, "$name: height") if $height;
                next;
            }

            within($frame, sub {
                my $text = $browser->text;
                like($text, qr/^$word$/m, "$name: \"$word\"");
                unlike($text, qr/Jane Smith/, "$name: not who");
                is_deeply([$browser->audit(fixed => 1)], [], $name);
            });
        }

        is_deeply([grep { !/ a status of 404 / } $browser->complaints], [],
                  'nothing goes wrong');
        is_deeply([$browser->audit], [], 'all images are shown');
        $browser->screenshot("embed/$file-light");
        $browser->look(scheme => 'dark');

        for my $frame (grep { defined } map { $_->[2] } @all) {
            within($frame, sub {
                is_deeply([$browser->audit(fixed => 1)], [], "dark, frame $frame");
            });
        }

        $browser->screenshot("embed/$file-dark");
    };
}

# The forms that can be measured, all of them in frames of a page of the same
# site: [what it is, form] for each frame. SVGs cannot be framed, hence copies.

sub measured {
    my ($document, $forms, @tokens) = @_;
    my (@all, @tags);

    $browser->look(size => [1500, 900], scheme => 'light');
    on('127.0.0.1');

    for (@tokens) {
        my ($what, $token, $more) = @$_;

        for my $form (grep { $documents{$document}{$_} } @$forms) {
            for my $size (@{ $form{$form}{sizes} }) {
                my %is = (title => $what, width => $size->[0] // 1000,
                          height => $size->[1]);

                $is{copy} = 'yes' if $form{$form}{tag} eq 'img';
                push @tags, ['iframe', url($document, $form, $token, $more), \%is];
                push @all, [$what, "$form " . ($size->[0] // '')];
            }
        }
    }

    $browser->embed(@tags);

    return @all;
}

sub audited {
    my ($name, @frames) = @_;
    my @found = $browser->audit_frames;

    is(scalar @found, scalar @frames, "$name: all of them");
    is_deeply($found[$_], [], "$name: @{ $frames[$_] }") for 0 .. $#frames;
}

# What images say

my $words = <<'EOF_JS';
return [...document.querySelectorAll('iframe')].map(({contentDocument: svg}) =>
    [svg.documentElement.querySelector(':scope > title').textContent,
     [...svg.querySelectorAll('text')].map(text => text.textContent).join('\n')]);
EOF_JS

for my $document (@documents) {
    subtest "$document, images" => sub {
        my @forms = grep { $documents{$document}{$_} } qw(card svg);

        for my $form (@forms) {
            $browser->open(url($document, $form, verdict('valid')));
            is_deeply([$browser->complaints], [], "$form: nothing goes wrong");
            is_deeply([$browser->audit], [], "$form by itself");
        }

        my @frames = measured($document, \@forms,
                              map { [$_, verdict($_)] } sort keys %word);
        my @words = @{ $browser->run($words) };

        audited('light', @frames);
        $browser->look(scheme => 'dark');
        audited('dark', @frames);

        for (@frames) {
            my ($verdict, $form) = @$_;
            my ($title, $text) = @{ shift @words };
            my $word = $own{$document}{$verdict} // $word{$verdict};

            like($title, qr/\b$word\b/, "$verdict, $form: the title says \"$word\"");
            like($text, qr/^$word$/m, "$verdict, $form: so does the text");
            unlike($title . $text, qr/Jane Smith/, "$verdict, $form: not who")
                if $form =~ /svg/ || $verdict !~ /^(valid|claimed|lasting)$/;
        }
    };
}

# Themes: "light" and "dark" look as "auto" does where that is preferred

my $colours = <<'EOF_JS';
return [...document.querySelectorAll('iframe')].map(
    ({contentDocument: doc}) => [...doc.querySelectorAll('body, body *, svg, svg *')]
    .map(el => {
        const s = getComputedStyle(el);
        return [el.localName, s.color, s.backgroundColor, s.borderTopColor, s.fill]
               .join(' ');
    }).join('\n'));
EOF_JS

for my $document (@documents) {
    subtest "$document in themes" => sub {
        my %seen;
        my @frames = measured($document, [qw(badge card svg)],
                              map { [$_, verdict('valid'), "&theme=$_"] }
                                  qw(auto light dark));

        for my $scheme (qw(light dark)) {
            $browser->look(scheme => $scheme);
            audited("in $scheme", @frames);

            my $colours = $browser->run($colours);
            $seen{"$frames[$_][1], $frames[$_][0] in $scheme"} = $colours->[$_]
                for 0 .. $#frames;
        }

        for my $form (map { $_->[1] } grep { $_->[0] eq 'auto' } @frames) {
            for my $theme (qw(light dark)) {
                is($seen{"$form, $theme in $_"}, $seen{"$form, auto in $theme"},
                   "$form: $theme in $_") for qw(light dark);
            }

            isnt($seen{"$form, auto in light"}, $seen{"$form, auto in dark"},
                 "$form: they differ");
        }
    };
}

# Difficult names

for my $document (@documents) {
    subtest "$document, names" => sub {
        my $file = $document =~ tr/ /-/r;
        my @tokens = map { [@$_[0, 2]] } names();
        my @shapes = shapes($document, qw(badge card svg));

        $browser->look(size => [1500, 7000], scheme => 'light');
        on('127.0.0.1');

        my @all = embedded($document, \@shapes, @tokens);

        ok($_->[3], "$_->[0], $_->[1][0]: shown") for @all;
        is_deeply([$browser->complaints], [], 'nothing goes wrong');
        audited('badge', map { ["$_->[0], $_->[1][1] px"] }
                         grep { defined $_->[2] } @all);
        $browser->screenshot("embed/$file-names");

        audited($_, measured($document, [$_], @tokens))
            for grep { $documents{$document}{$_} } qw(card svg);
    };
}

# Who may show what in a frame

sub is_framed {
    my ($site, $url, $name) = @_;

    on($site);
    $browser->embed(['iframe', $url, { width => 320, height => 80 }]);

    within(0, sub {
        my $there = $browser->run('return location.href');
        is($there, $name =~ /^not/ ? 'chrome-error://chromewebdata/' : $url, $name);
    });
}

my $valid = verdict('valid');

is_framed('site.test', url('native verify', 'html', $valid), 'not a page');
is_framed('127.0.0.1', url('native verify', 'html', $valid), 'not even on its own site');
is_framed('good.test', "$base/some?format=html&token=$valid", 'a page, on a site that may');
is_framed('site.test', "$base/some?format=html&token=$valid", 'not on another');
is_framed('site.test', url('testedclear badge', 'html', $valid), 'a page that is a badge')
    if $documents{'testedclear badge'}{html};

$browser->stop;

done_testing();
