package Credverify;

# What the suites share: a store made by the tool, with known contents, in a
# folder that goes away with the test.

use strict;
use warnings;

use Cwd qw(getcwd);
use File::Temp qw(tempdir);
use POSIX qw(strftime);

our $tool = $ENV{CREDVERIFY} || getcwd() . '/build/credverify';
our $views = getcwd() . '/conf-examples/views';

# Tokens are named after what they lead to: token('valid'), token('masked').

my %digit = (
    valid => '1', masked => '2', link => '3', revoked => '4', refunded => '5',
    expired => '6', pending => '7', claimed => '8', draft => '9', test => 'a',
    other => 'b', soon => 'c', hostile => 'd', unknown => 'e', large => 'f',
);

sub token {
    my $name = shift;
    return $digit{$name} x 64;
}

sub date {
    my $days = shift;
    return strftime('%Y-%m-%d', gmtime(time + 86400 * $days));
}

sub lines {
    my ($past, $future) = (date(-30), date(30));
    my $soon = strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time + 3600));
    my $hostile = '\"><script>alert(1)</script>&#39;\'\u0007\u202e';
    my @lines = (
        qq({"kind":"issuer","id":"acme","name":"Acme","url":"https://acme.example","email":"hello\@acme.example"}),
        qq({"kind":"issuer","id":"umbrella","name":"Umbrella"}),
        qq({"kind":"class","id":"web","issuer":"acme","title":"Web Security","category_title":"Security","level":2,"level_label":"Advanced"}),
        qq({"kind":"class","id":"bio","issuer":"umbrella","title":"Biology"}),
        qq({"kind":"holder","id":"h1","name":"Jane Smith","display_name":"Jane","email":"jane\@mail.example","organization":"Acme Corp","wallet":"WALLET1"}),
        qq({"kind":"holder","id":"h2","name":"$hostile","organization":"$hostile"}),
    );

    my %credential = (
        valid => 'issued', link => 'issued', revoked => 'revoked',
        refunded => 'refunded', expired => 'issued', pending => 'pending',
        claimed => 'claimed', draft => 'draft', test => 'issued',
        other => 'issued', hostile => 'issued', soon => 'issued',
    );

    for my $id (sort keys %credential) {
        my $class = $id eq 'other' ? 'bio' : 'web';
        my $holder = $id eq 'hostile' ? 'h2' : 'h1';
        my $expires = $id =~ /^(expired|claimed)$/ ? $past
                    : $id eq 'soon' ? $soon : $future;
        my $more = $id eq 'test' ? ',"test":true'
                 : $id eq 'hostile' ? qq(,"attributes":{"note":"$hostile"})
                 : $id eq 'valid' ? ',"public_id":"0A1B2C3D-0000-4000-8000-00000000CAFE",'
                     . '"attributes":{"message":"Hello.","sender_wallet":"WALLET2","webauthn_credential_id":"PASSKEY1","email_verified":true}' : '';

        push @lines, qq({"kind":"credential","id":"$id","class":"$class",)
            . qq("holder":"$holder","status":"$credential{$id}",)
            . qq("issued_at":"$past","expires_at":"$expires","score":"87.5%",)
            . qq("code":"C-$id","number":"N/$id 1"$more});
    }

    for my $name (sort keys %digit) {
        next if $name =~ /^(unknown|large)$/;
        my $id = $name eq 'masked' ? 'valid' : $name;
        my $privacy = $name eq 'masked' ? 'masked' : 'full';
        my $expires = $name eq 'link' ? qq("$past") : 'null';

        push @lines, qq({"kind":"token","token":") . token($name)
            . qq(","credential":"$id","privacy":"$privacy",)
            . qq("created_at":"$past","expires_at":$expires});
    }

    return @lines;
}

sub run {
    my ($store, $input, @command) = @_;
    my $pid = open my $pipe, '|-';

    die "fork: $!" unless defined $pid;

    if ($pid == 0) {
        open STDOUT, '>', '/dev/null';
        exec $tool, '--store', $store, @command or die "$tool: $!";
    }

    print $pipe $input if defined $input;

    return close $pipe;
}

# An empty folder that workers of any user can walk into.

sub folder {
    my $dir = tempdir('credverify.XXXXXX', TMPDIR => 1, CLEANUP => 1);
    chmod 0755, $dir;
    return $dir;
}

# A directory of views: name => { file => text }. Each has a document whose JSON
# is the name of the outcome.

sub views {
    my (%view) = @_;
    my $dir = folder();
    my $json = '{"not_found":{"status":404,"body":"not_found"}' . join('',
        map { qq(,"$_":{"body":"$_"}) } qw(valid revoked token_expired refunded expired pending error)) . '}';

    for my $name (keys %view) {
        my %file = ('verify.json' => $json, %{$view{$name}});
        mkdir "$dir/$name" or die "$name: $!";

        for (keys %file) {
            open my $out, '>', "$dir/$name/$_" or die "$_: $!";
            print $out $file{$_};
            close $out or die "$_: $!";
        }
    }

    return $dir;
}

# A store that holds the given lines, or those above.

sub store {
    my @lines = @_ ? @_ : lines();
    my $store = folder() . '/store';

    run($store, undef, 'init', '--map-size', '64M') or die "no store";
    run($store, join("\n", @lines, ''), 'import', '-') or die "no import";

    return $store;
}

1;
