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

our @EXPORT = qw(names);

my $json = JSON::PP->new->canonical->ascii;

# [what, name, token]

sub names {
    open my $in, '<', getcwd() . '/t/data/names.json' or die "t/data/names.json: $!";
    local $/;
    my $names = decode_json(<$in>);
    my $i = 0;

    return map { [@$_, sprintf 'abcd%060x', ++$i] } @$names;
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

# start(views => [name or "name document", ...], server => ..., http => ...):
# /NAME?token=T, or /NAME/DOCUMENT?token=T, is what a view says.

sub start {
    my ($class, %is) = @_;
    my $id = 0;
    my $store = Credverify::store(Credverify::lines(),
        map { named($_->[1], $_->[2], ++$id) } names());
    my $server = '';

    for my $view (@{ $is{views} }) {
        my ($name, $document) = split ' ', $view;
        my $path = join '/', '', $name, $document // ();

        $server .= <<"EOF_CONF";
location = $path {
    credverify_view $view;
    credverify_verify token=\$arg_token;
}
EOF_CONF
    }

    return LiveNginx->start(
        http => "credverify_store $store; " . ($is{http} // ''),
        server => $server . ($is{server} // ''),
    );
}

1;
