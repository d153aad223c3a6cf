package LivePages;

# An nginx for browsers: every view's documents by token, of the credentials of
# Credverify.pm and of one for each of the names of t/data/names.json.

use strict;
use warnings;

use Cwd qw(getcwd);
use Credverify;
use Encode qw(encode_utf8);
use Exporter qw(import);
use JSON::PP;
use LiveNginx;
use Png;

our @EXPORT = qw(names documents verdict);

my $json = JSON::PP->new->canonical->ascii;

# [what, name, token]

sub names {
    open my $in, '<', getcwd() . '/t/data/names.json' or die "t/data/names.json: $!";
    local $/;
    my $names = decode_json(<$in>);
    my $i = 0;

    return map { [@$_, sprintf 'abcd%060x', ++$i] } @$names;
}

# The token of one of Credverify.pm's credentials, or of one that ends at a date
# that is long when it is written.

my %lasting = (lasting => '2099-09-30', lapsed => '2020-09-30');

sub verdict {
    my $name = shift;
    return $name eq 'lasting' ? 'abcd' . 'a' x 60 : $name eq 'lapsed' ? 'abcd' . 'b' x 60
         : Credverify::token($name);
}

sub lasting {
    return map { $json->encode($_) } map {
        my $name = $_;

        ({ kind => 'credential', id => $name, class => 'web', holder => 'h1',
           status => 'issued', issued_at => '2019-09-30', number => $name,
           code => $name, expires_at => $lasting{$name} },
         { kind => 'token', token => verdict($name), credential => $name,
           privacy => 'full', created_at => '2019-09-30' })
    } sort keys %lasting;
}

# A holder, a class and an issuer of that name, and whatever else has one.

sub named {
    my ($name, $token, $id) = @_;
    my $text = length $name ? $name : undef;
    my $handle = "$name $id";

    # what a number cannot be

    $handle = "N $id" if length encode_utf8($handle) > 255
                         || $handle =~ /[[:cntrl:]]/;

    return map { $json->encode($_) } (
        { kind => 'issuer', id => "i-$id", name => $name },
        { kind => 'class', id => "c-$id", issuer => "i-$id", title => $name,
          description => $text, category_title => $text, level_label => $text,
          criteria => { narrative => $name, url => $name } },
        { kind => 'holder', id => "h-$id", name => $name,
          display_name => $text, organization => $text },
        { kind => 'credential', id => "n-$id", class => "c-$id",
          holder => "h-$id", status => 'issued', issued_at => '2026-05-12',
          score => $text, narrative => $text, number => $handle,
          code => $handle, evidence => [{ id => $name, narrative => $name }],
          attributes => { message => $name } },
        { kind => 'token', token => $token, credential => "n-$id",
          privacy => 'full', created_at => '2026-05-12' },
    );
}

# The documents of all views that answer with a verdict: "VIEW DOCUMENT", and the
# formats that each comes in.

sub documents {
    my %formats;

    for my $file (glob "$Credverify::views/*/*.json") {
        my ($view, $document) = $file =~ m{([^/]+)/([^/]+)\.json\z};

        open my $in, '<', $file or die "$file: $!";
        next unless grep { /"token_expired"/ } <$in>;

        $formats{"$view $document"} = {
            map { $_->[0] => 1 } grep { -e $file =~ s/json\z/$_->[1]/r }
            ([html => 'html'], [svg => 'svg'], [badge => 'badge.html'],
             [card => 'card.svg'], [png => 'card.svg'], [qr => 'qr.svg'])
        };
    }

    return %formats;
}

# start(http => ..., server => ..., also => { "VIEW DOCUMENT" => directives }):
# /VIEW/DOCUMENT?token=T is what a view says, and links to its other forms there.

my %link = (html => 'page', svg => 'badge', badge => 'embed', qr => 'qr',
            png => 'image');

sub start {
    my ($class, %is) = @_;
    my $id = 0;
    my $store = Credverify::store(Credverify::lines(), lasting(),
        map { named($_->[1], $_->[2], ++$id) } names());
    my %documents = documents();
    my $server = '';

    for my $document (sort keys %documents) {
        my $path = '/' . $document =~ tr{ }{/}r;

        $server .= <<"EOF_CONF" . join '', map { <<"EOF_LINK" }
location = $path {
    credverify_view $document;
    credverify_verify token=\$arg_token;
    @{[ $is{also}{$document} // '' ]}
EOF_CONF
    credverify_link $link{$_} http://127.0.0.1:\@PORT\@$path?format=$_&token=\$arg_token;
EOF_LINK
            grep { $link{$_} } sort keys %{ $documents{$document} };
        $server .= "}\n";
    }

    return LiveNginx->start(
        main => Png::load() . ' thread_pool credverify threads=2;',
        http => "credverify_store $store; " . ($is{http} // ''),
        server => $server . ($is{server} // ''),
    );
}

1;
