# What the browser suites look for is found where it is, and nothing where it
# is not.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Browser;
use Credverify;
use LiveNginx;
use Test::More;

my $missing = Browser::missing();
plan skip_all => $missing if $missing;

my $head = '<!doctype html><html lang=en><title>T</title><link rel=icon href="data:,">';

my @cases = (
    ['a good page', '<h2>Two</h2><p style="color:#767676">soft</p>', undef],
    ['a good wide table', '<div style="overflow:auto"><p>short</p></div>', undef],
    ['an error in the console', '<script>console.error("oops")</script>',
     qr/^console: .*oops/],
    ['an exception', '<script>nowhere()</script>', qr/^console: .*nowhere/],
    ['a missing image', '<img alt=x src=/missing.png>', qr{^console: .*/missing\.png .* 404}],
    ['an image of nowhere', '<img alt=x src=http://elsewhere.example/x.png>',
     qr{^console: http://elsewhere\.example/x\.png .*ERR_NAME_NOT_RESOLVED}],
    ['an image that is none', '<img alt=x src=/0.html>', qr/^image not shown: /],
    ['an image without alternative', '<img src="data:image/svg+xml,<svg xmlns=\'http://www.w3.org/2000/svg\' width=\'9\' height=\'9\'/>">',
     qr/^no alternative text: <img>/],
    ['a long word', '<p>' . 'w' x 999 . '</p>',
     qr/^scrolls \d+ px/, qr/^beyond the page by/, qr/^beyond its box by/],
    ['text cut off', '<p style="overflow:hidden;width:3em;white-space:nowrap">more than fits</p>',
     qr/^beyond its box by/, qr/^cut off by/],
    ['text with an ellipsis', '<p dir=auto style="overflow:hidden;width:3em;white-space:nowrap;text-overflow:ellipsis">more than fits</p>', undef],
    ['lines with an ellipsis', '<p dir=auto style="overflow:hidden;width:3em;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2">more than fits in here</p>', undef],
    ['own words with an ellipsis', '<p style="overflow:hidden;width:3em;white-space:nowrap;text-overflow:ellipsis">more than fits</p>', qr/^own words cut off: <p> "more/],
    ['an ellipsis too far right', '<p style="overflow:hidden;width:3em;white-space:nowrap;text-overflow:ellipsis;margin-left:95%">more than fits</p>', qr/^scrolls|^beyond the page/],
    ['lines cut off', '<p style="overflow:hidden;height:1em;width:3em">one two three</p>',
     qr/^beyond its box by [\d.]+ px of height/, qr/^cut off by/],
    ['text beyond a parent', '<div style="width:9em;overflow:hidden"><div style="width:30em"><p style="text-align:right">far off</p></div></div>',
     qr/^cut off by/],
    ['text on text', '<p style="margin-bottom:-2em">under</p><p>over and above</p>',
     qr/^on top of .*above/],
    ['little contrast', '<p style="color:#777">soft</p>', qr/^contrast of 4\.48 only: <p> "soft"/],
    ['half opaque', '<p style="opacity:.5">soft</p>', qr/^contrast of 3\.\d+ only/],
    ['a dark box', '<div style="background:#000"><p style="background:#fff1">dark</p></div>',
     qr/^contrast of 1\.\d+ only/],
    ['mixed colours', '<p style="color:color-mix(in oklch, white 90%, black)">mixed</p>',
     qr/^contrast of 1\.\d+ only/],
    ['a picture below', '<p style="background:linear-gradient(red,blue)">sky</p>', qr/^a picture below/],
    ['tiny text', '<p style="font-size:9px">tiny</p>', qr/^smaller than 11 px/],
    ['a level left out', '<h4>Four</h4>', qr/^heading after level \d: <h4> "Four"/],
    ['an empty heading', '<h2></h2>', qr/^empty heading/],
);

my %whole = (
    'no language' => ['<!doctype html><title>T</title><link rel=icon href="data:,"><p>x', qr/^no language$/],
    'no title' => ['<!doctype html><html lang=en><link rel=icon href="data:,"><p>x', qr/^no title$/],
    'quirks' => ['<html lang=en><title>T</title><link rel=icon href="data:,"><p>x', qr/^quirks mode$/],
);

my $svg = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="30" role="img"><title>T</title><rect width="100" height="30"/>';

my %image = (
    'a good image' => [$svg . '<text x="5" y="20" fill="#fff" font-size="14">text</text></svg>'],
    'text beyond its shape' => [$svg . '<text x="5" y="20" fill="#fff" font-size="14">more than could ever fit in</text></svg>',
                                qr/^beyond the page/, qr/^beyond its shape/],
    'text above its shape' => [$svg . '<text x="5" y="8" fill="#fff" font-size="14">text</text></svg>',
                               qr/^beyond its shape by [\d.]+ px of height/],
    'text in a narrow shape' => [$svg . '<rect width="20" height="30"/><text x="5" y="20" text-anchor="middle" fill="#fff" font-size="14">text</text></svg>',
                                 qr/^beyond the page/, qr/^beyond its shape/],
    'black on black' => [$svg . '<text x="5" y="20" font-size="14">text</text></svg>',
                         qr/^contrast of 1\.00 only/],
    'a shape less opaque' => [$svg . '<rect width="100" height="30" fill="#fff" opacity=".9"/><text x="5" y="20" fill="#fff" font-size="14">text</text></svg>',
                              qr/^contrast of 1\.\d+ only/],
    'a faint mark' => [$svg . '<g opacity=".05"><path d="M0 0h100v30H0z" fill="#fff"/></g><text x="5" y="20" fill="#fff" font-size="14">text</text></svg>'],
    'text beyond a path' => [$svg . '<g transform="translate(50)"><path d="M0 0h30v30H0z" fill="#333"/><text y="20" fill="#fff" font-size="14" textLength="50" lengthAdjust="spacingAndGlyphs">longer</text></g></svg>',
                             qr/^beyond its shape by \d\d/],
    'text on text in SVG' => [$svg . '<text x="5" y="20" fill="#fff" font-size="14">text</text><text x="9" y="20" fill="#fff" font-size="14">text</text></svg>',
                       qr/^on top of/],
    'no role' => ['<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>T</title></svg>',
                  qr/^no role of an image/],
    'no title in SVG' => ['<svg xmlns="http://www.w3.org/2000/svg" role="img" width="9" height="9"/>',
                   qr/^no title/],
);

my $prefix = Credverify::folder();
my %file;

sub put {
    my ($name, $ending, $text) = @_;
    my $file = keys(%file) . ".$ending";
    $file{$name} = $file;
    open my $out, '>:utf8', "$prefix/$file" or die "$file: $!";
    print $out $text;
    close $out or die "$file: $!";
}

put($_->[0], 'html', "$head<h1>Title</h1><p>Text</p>$_->[1]") for @cases;
put($_, 'html', $whole{$_}[0]) for sort keys %whole;
put($_, 'svg', $image{$_}[0]) for sort keys %image;

put('good', 'html', "$head<p>x");
put('policy', 'html', '<!doctype html><html lang=en><meta http-equiv=Content-Security-Policy'
    . q( content="default-src 'none'; style-src 'unsafe-inline'"><title>T</title>)
    . '<link rel=icon href="data:,"><script>1</script><img alt=x src=/0.html><p>x');
put('tab', 'html', "$head<a href=/1>one</a> <a href=/2 style='outline:none'>two</a>");
put('dark', 'html', "$head<style>:root{color-scheme:light dark}"
    . ' @media (prefers-color-scheme:dark){p{color:#222}}'
    . ' @media print{p{color:#eee}} @media(max-width:400px){p{color:#ccc}}</style><p>x');

my $nginx = LiveNginx->start(prefix => $prefix, server => <<'EOF_CONF');
root .;
types { text/html html; image/svg+xml svg; }
EOF_CONF

my $browser = Browser->start;
my $base = "http://127.0.0.1:$nginx->{port}";

sub found {
    my $url = shift;
    $browser->open("$base/$url");
    return ($browser->complaints, $browser->audit);
}

sub finds {
    my ($name, @expect) = @_;
    my @found = found($file{$name});

    subtest $name => sub {
        is_deeply(\@found, [], 'nothing') unless @expect;

        for my $expect (@expect) {
            ok(scalar(grep { $_ =~ $expect } @found), "finds $expect")
                or diag explain \@found;
        }
    };
}

$browser->look(size => [600, 800], scheme => 'light', media => 'screen');

finds($_->[0], grep { defined } @$_[2 .. $#$_]) for @cases;
finds($_, @{ $whole{$_} }[1 .. $#{ $whole{$_} }]) for sort keys %whole;
finds($_, @{ $image{$_} }[1 .. $#{ $image{$_} }]) for sort keys %image;

subtest 'what a policy blocks' => sub {
    my @found = found($file{policy});
    ok(scalar(grep { /^policy: script-src-elem blocks inline/ } @found), 'a script');
    ok(scalar(grep { m{^policy: img-src blocks .*/0\.html} } @found), 'an image');
    ok(scalar(grep { /^console: .*Content Security Policy/ } @found), 'the console tells');
};

subtest 'how it is looked at' => sub {
    is_deeply([found($file{dark})], [], 'light, wide');

    for ([dark => scheme => 'dark'], [narrow => size => [320, 500]],
         [paper => media => 'print'])
    {
        my ($name, @look) = @$_;
        $browser->look(@look);
        my @found = $browser->audit;
        like("@found", qr/^contrast of 1\.\d+ only/, $name);
        $browser->look(size => [600, 800], scheme => 'light', media => 'screen');
    }

    is_deeply([$browser->audit], [], 'and back');
};

subtest 'what has a fixed size' => sub {
    $browser->look(size => [600, 20]);
    is_deeply([found($file{dark})], [], 'not by itself');
    like(join("\n", $browser->audit(fixed => 1)), qr/^scrolls \d+ px down$/, 'if asked for');
    $browser->look(size => [600, 800]);
};

subtest 'what is in a frame' => sub {
    my $frame = "http://a.test:$nginx->{port}";

    $browser->open("$base/$file{good}");
    is_deeply([$browser->embed(['iframe', "$frame/$file{tab}"])], [[]], 'a page of another site');
    is_deeply([$browser->complaints], [], 'nothing goes wrong');
    $browser->frame(0);
    like($browser->text, qr/^one two/, 'what it says');
    $browser->frame(undef);
    is($browser->text, 'x', 'and what the page says');

    $browser->embed(['iframe', "$frame/$file{policy}"]);
    my @found = $browser->complaints;
    ok(scalar(grep { /^console: .*Content Security Policy/ } @found),
       'what its policy blocks') or diag explain \@found;

    is_deeply([$browser->embed(['img', "$frame/$file{'a good image'}"], ['img', "$frame/missing"])],
              [[100, 30], undef], 'an image, and none');
};

subtest 'other hosts' => sub {
    $browser->open("http://a.test:$nginx->{port}/$file{good}");
    is_deeply([$browser->complaints], [], 'a.test is here');
    is($browser->status, 200, 'status');

    $browser->open("$base/missing");
    is_deeply([$browser->complaints], [], 'the status of a page is no complaint');
    is($browser->status, 404, 'but known');
};

subtest 'focus' => sub {
    $browser->open("$base/$file{tab}");
    is_deeply([$browser->focus], ['one', 'two: focus is not seen'], 'an outline, and none');
};

is($browser->pdf, 1, 'a sheet of paper');
ok(-s $browser->screenshot('harness'), 'a screenshot');

my $guard = $browser->{guard};
my ($driver) = LiveNginx->slurp("/proc/$guard/task/$guard/children") =~ /(\d+)/;
ok(scalar(Browser::in_session($driver)), 'the browser runs');
$browser->stop;
is_deeply([Browser::in_session($driver)], [], 'and ends');

done_testing();
