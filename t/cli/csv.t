# credverify import --csv

use strict;
use warnings;

use Digest::SHA qw(sha256);
use FindBin;
use IO::Handle;
use lib "$FindBin::Bin/../lib";
use POSIX qw(mkfifo);
use Time::HiRes qw(sleep time);

use Test::More;
use CredverifyTool;

my $CLASS_730 = $CLASS =~ s/\}$/,"valid_days":730}/r;
my $MAP = 'Name=holder.name,Email=holder.email,Date=credential.issued_at';

# the records that come after the issuer and the class

sub records_of {
    my ($store) = @_;
    return grep { $_->{kind} =~ /^(?:holder|credential)$/ }
           json_lines(run('--store', $store, 'export')->{out});
}

sub holders     { return grep { $_->{kind} eq 'holder' } records_of(@_) }
sub credentials { return grep { $_->{kind} eq 'credential' } records_of(@_) }

sub new_store { return load($ISSUER, $CLASS, @_) }

# import(STORE, TEXT, OPTIONS): of class "c", mapped as above unless --map is given

sub csv {
    my ($store, $text, @options) = @_;
    unshift @options, '--map', $MAP unless grep { /^--map/ } @options;
    unshift @options, '--class', 'c' unless grep { /^--class/ } @options;
    return run({ in => $text }, '--store', $store, 'import', '--csv', @options,
               '-');
}

# what a row makes, and what that is but for its ids

sub made {
    my ($text, @options) = @_;
    my $store = new_store();
    my $r = csv($store, $text, @options);
    diag $r->{err} if $r->{status};
    return map { delete @$_{qw(kind id class holder)}; $_ } records_of($store);
}

# a UUID of version 8, of the first bytes of a SHA-256

sub uuid {
    my @byte = unpack 'C16', sha256(join "\0", @_);
    $byte[6] = $byte[6] & 0x0f | 0x80;
    $byte[8] = $byte[8] & 0x3f | 0x80;
    return sprintf '%02x' x 4 . '-%02x%02x' x 3 . '-' . '%02x' x 6, @byte;
}


# A row is a holder and a credential

my $store = load($ISSUER, $CLASS_730);
my $text = "Name,Email,Date,Score\n"
         . "Jo March,Jo\@Mail.example,2026-03-05,94%\n"
         . "\"Núñez, Ana\",ana\@mail.example,2026-03-06T10:00:00Z,\n";
my @map = ('--map', "$MAP,Score=credential.score");

my $jo = uuid('holder', 'i', 'jo@mail.example');
my $ana = uuid('holder', 'i', 'ana@mail.example');

my $r = csv($store, $text, @map);
done_ok($r, 'import');
is($r->{out}, "dry run         false\nlines           3\nrecords         4\n"
   . "holder          2\ncredential      2\n", 'what it says');

my $random = qr/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;
my $exported = given(run('--store', $store, 'export')->{out})
               =~ s/"credential","id":"$random"/"credential","id":"R"/gr;
my $expected = <<"EOF_LINES";
{"kind":"holder","id":"$jo","name":"Jo March","email":"Jo\@Mail.example"}
{"kind":"holder","id":"$ana","name":"Núñez, Ana","email":"ana\@mail.example"}
{"kind":"credential","id":"R","class":"c","holder":"$jo","status":"issued","issued_at":"2026-03-05","expires_at":"2028-03-04","score":"94%"}
{"kind":"credential","id":"R","class":"c","holder":"$ana","status":"issued","issued_at":"2026-03-06T10:00:00Z","expires_at":"2028-03-05T10:00:00Z"}
EOF_LINES
is($exported, "$ISSUER\n$CLASS_730\n$expected", 'the records');
done_ok(run('--store', $store, 'check'), 'the store is whole');

sub changes {
    return (json_lines(run('--store', $_[0], 'stats', '--json')->{out}))[0]
           {last_change};
}

my $changes = changes($store);
done_ok(csv($store, $text, @map), 'again');
is(changes($store), $changes, 'changes nothing');
done_ok(csv($store, $text =~ s/Jo\@Mail/jo\@mail/r, @map),
        'an address in another case');
is(scalar(holders($store)), 2, 'is the same person');
done_ok(csv($store, $text =~ s/94%/95%/r, @map), 'a row that has changed');
is((credentials($store))[0]{score}, '95%', 'changes its record');
is(scalar(credentials($store)), 2, 'and makes none');

my $other = load('{"kind":"issuer","id":"j","name":"J"}',
                 $CLASS =~ s/"i"/"j"/r);
csv($other, $text, @map);
isnt((holders($other))[0]{id}, $jo, 'of another issuer: another id');


# The forms that files have

my @same = made(qq(Name,Email,Date\nA,a\@x,2026-01-02\n"B ""C""",b\@x,2026-01-03\n));
is(scalar(@same), 4, 'four records');

for (
    ['CRLF', "Name,Email,Date\r\nA,a\@x,2026-01-02\r\n\"B \"\"C\"\"\",b\@x,2026-01-03\r\n"],
    ['no last end of line',
     "Name,Email,Date\nA,a\@x,2026-01-02\n\"B \"\"C\"\"\",b\@x,2026-01-03"],
    ['a byte order mark',
     "\xef\xbb\xbfName,Email,Date\nA,a\@x,2026-01-02\n\"B \"\"C\"\"\",b\@x,2026-01-03\n"],
    ['a byte order mark before a quote',
     "\xef\xbb\xbf\"Name\",Email,Date\nA,a\@x,2026-01-02\n\"B \"\"C\"\"\",b\@x,2026-01-03\n"],
    ['every cell quoted', qq("Name","Email","Date"\n"A","a\@x","2026-01-02"\n)
     . qq("B ""C""","b\@x","2026-01-03"\n)],
    ['semicolons', qq(Name;Email;Date\nA;a\@x;2026-01-02\n"B ""C""";b\@x;2026-01-03\n),
     '--delimiter', ';'],
    ['tabs', qq(Name\tEmail\tDate\nA\ta\@x\t2026-01-02\n"B ""C"""\tb\@x\t2026-01-03\n),
     '--delimiter', 'tab'],
    ['spaces around everything', qq( Name ,Email , Date\n A , a\@x ,2026-01-02\n)
     . qq("B ""C"" ",b\@x\t, 2026-01-03 \n)],
    ['blank lines and rows', qq(\n\r\nName,Email,Date\n\nA,a\@x,2026-01-02\n,,\n , ,\t\n)
     . qq("B ""C""",b\@x,2026-01-03\n,,\n\n)],
    ['columns in another order',
     qq(Date,Name,Email\n2026-01-02,A,a\@x\n2026-01-03,"B ""C""",b\@x\n)],
)
{
    my ($name, $text, @options) = @$_;
    is_deeply([made($text, @options)], \@same, $name);
}

is_deeply([map { $_->{name} // () }
           made("Name,Email,Date\n\"A\r\nB\n\nC\",a\@x,2026-01-02\n")],
          ["A\nB\n\nC"], 'a cell of several lines');
is_deeply([map { $_->{name} // () } made("Name,Email,Date\n\xf0\x9f\x98\x80,a\@x,2026-01-02\n")],
          ["\x{1f600}"], 'UTF-8');

done_ok(run('--store', new_store(), 'import', '--csv', '--class', 'c', '--map',
            $MAP, write_file("Name,Email,Date\nA,a\@x,2026-01-02\n")), 'a file');


# Columns

$r = csv(new_store(), "Id,Name,\"No, te\",Email,Date,\n1,A,x,a\@x,2026-01-02,\n");
is($r->{status}, 0, 'columns that are not mapped');
is($r->{err}, 'credverify: import: columns that no member is mapped to: "Id", '
   . "\"No, te\", \"\"\n", 'are named, once');

for (
    ['a missing one', "Name,E-mail,Date\n",
     'line 1: there is no column "Email" but "Name", "E-mail", "Date"'],
    ['none in that case', "name,Email,Date\n",
     'line 1: there is no column "Name" but "name", "Email", "Date"'],
    ['another delimiter', "Name;Email;Date\n",
     'line 1: there is no column "Name" but "Name;Email;Date"; is --delimiter right?'],
    ['one that stands twice', "Name,Email,Date,Email\n",
     'line 1: there are 2 columns "Email"'],
    ['none at all', '', 'no row with the columns\' names; nothing is in it'],
    ['only blank lines', "\n\n,,\n",
     'no row with the columns\' names; nothing is in it'],
    ['a header that is not UTF-8', "Name,Email,Dat\xe9\n",
     'line 1: cell 3: not UTF-8'],
    ['UTF-16', "\xff\xfeN\0a\0m\0e\0\n\0", 'line 1: UTF-16; save it as UTF-8'],
    ['UTF-16, the other way round', "\xfe\xff\0N\0a\0m\0e\0\n",
     'line 1: UTF-16; save it as UTF-8'],
)
{
    my ($name, $text, $error) = @$_;
    my $last = $error =~ /^line/ ? '; last committed line: 0' : '';
    fails(csv(new_store(), $text), "import: $error$last", $name);
    fails(csv(new_store(), $text, '--skip-invalid'), "import: $error$last",
          "$name, and it cannot be skipped");
    fails(csv(new_store(), $text, '--dry-run'), "import: $error",
          "$name, dry run");
}

is_deeply([made("Name,Email,Date,Name\nA,a\@x,2026-01-02,B\n", '--map',
                'Email=holder.email,Date=credential.issued_at')],
          [{ email => 'a@x' },
           { status => 'issued', issued_at => '2026-01-02' }],
          'a column that is not mapped may stand twice');
is_deeply([made("\"Name, full\",A=B,Date\nA,a\@x,2026-01-02\n", '--map',
                '"Name, full=holder.name" , A=B = holder.email,Date=credential.issued_at' =~ s/ , /,/r)],
          [{ name => 'A', email => 'a@x' },
           { status => 'issued', issued_at => '2026-01-02' }],
          'names with a comma and an equals sign');
is_deeply([made("Email,Date\na\@x,2026-01-02\n", '--map', 'Email=holder.email,'
                . 'Email=attributes.contact,Date=credential.issued_at,'
                . 'Date=credential.created_at')],
          [{ email => 'a@x' },
           { status => 'issued', issued_at => '2026-01-02',
             created_at => '2026-01-02', attributes => { contact => 'a@x' } }],
          'one column as two members');


# Every member, and nothing else

my @member = (
    ['holder.id', 'h1'], ['holder.name', 'N'], ['holder.display_name', 'D'],
    ['holder.email', 'e@x'], ['holder.organization', 'O'],
    ['holder.wallet', 'W'], ['credential.id', 'c1'],
    ['credential.status', 'claimed'], ['credential.issued_at', '2026-01-01'],
    ['credential.expires_at', '2027-01-01'], ['credential.score', '1'],
    ['credential.number', 'N-1'], ['credential.code', 'C-1'],
    ['credential.public_id', 'P-1'], ['credential.test', 'true'],
    ['credential.narrative', 'T'], ['credential.created_at', '2026-01-02'],
    ['credential.updated_at', '2026-01-03'],
    ['attributes.color', 'red'], ['attributes.custom.size', '1.50'],
);

$store = new_store();
done_ok(csv($store, join(',', map { $_->[0] } @member) . "\n"
            . join(',', map { $_->[1] } @member) . "\n",
            '--map', join ',', map { "$_->[0]=$_->[0]" } @member),
        'every member');
is(run('--store', $store, 'export', '--kind', 'holder')->{out},
   '{"kind":"holder","id":"h1","name":"N","display_name":"D","email":"e@x",'
   . "\"organization\":\"O\",\"wallet\":\"W\"}\n", 'of the holder');
is(run('--store', $store, 'export', '--kind', 'credential')->{out},
   '{"kind":"credential","id":"c1","class":"c","holder":"h1","status":"claimed",'
   . '"issued_at":"2026-01-01","expires_at":"2027-01-01","score":"1",'
   . '"number":"N-1","code":"C-1","public_id":"P-1","test":true,"narrative":"T",'
   . '"attributes":{"color":"red","custom.size":"1.50"},'
   . "\"created_at\":\"2026-01-02\",\"updated_at\":\"2026-01-03\"}\n",
   'of the credential');

for my $name (qw(TRUE True true)) {
    is((made("Email,Date,T\na\@x,2026-01-01,$name\n", '--map', 'Email=holder.email,'
             . 'Date=credential.issued_at,T=credential.test'))[1]{test},
       JSON::PP::true, "a boolean, $name");
}
for my $name (qw(Revoked REVOKED revoked)) {
    is((made("Email,Date,S\na\@x,2026-01-01,$name\n", '--map', 'Email=holder.email,'
             . 'Date=credential.issued_at,S=credential.status'))[1]{status},
       'revoked', "a status, $name");
}

my $see = '; see "credverify help import"';

for (
    ['Name', '"Name": not COLUMN=MEMBER'],
    ['', '"": not COLUMN=MEMBER'],
    ["$MAP,", '"": not COLUMN=MEMBER'],
    ['Name=name', '"name": not holder.MEMBER, credential.MEMBER or attributes.NAME'],
    ['Name=', '"": not holder.MEMBER, credential.MEMBER or attributes.NAME'],
    ['Name=issuer.id', '"issuer.id": not holder.MEMBER, credential.MEMBER or attributes.NAME'],
    ['A=attributes.', '"attributes.": not holder.MEMBER, credential.MEMBER or attributes.NAME'],
    ['Name=holder.nam', '"holder.nam": columns can be these members of a holder: '
     . 'id, name, display_name, email, organization, wallet'],
    ['X=credential.class', qr/"credential\.class": columns can be these members of a credential: id, status, [^;]*/],
    ['X=credential.holder', qr/"credential\.holder": columns [^;]*/],
    ['X=credential.evidence', qr/"credential\.evidence": columns [^;]*/],
    ['X=credential.attributes', qr/"credential\.attributes": columns [^;]*/],
    ["$MAP,Name=holder.name", '"holder.name": given twice'],
    ["$MAP,A=attributes.x,B=attributes.x", '"attributes.x": given twice'],
    ['"Name=holder.name', 'a quote is not closed'],
    ['Na"me=holder.name', 'a quote in a cell that does not begin with one'],
    ['Name=holder.name,Date=credential.issued_at',
     'no column is holder.id or holder.email, by which people can be told apart'],
    ['Email=holder.email',
     'no column is credential.issued_at; name one, or give --issued-at'],
)
{
    my ($map, $error) = @$_;
    misused(csv($store, '', '--map', $map),
            ref $error ? qr/: import: --map: $error\Q$see\E\n/
                       : "import: --map: $error$see", "--map $map");
}

my @one = ('--store', $store, 'import', '-');
misused(run(@one, '--csv'), "import: --csv: needs --class and --map$see",
        '--csv alone');
misused(run(@one, '--csv', '--map', $MAP),
        "import: --csv: needs --class and --map$see", 'without a class');
misused(run(@one, "--$_", 'x'), "import: --$_: only with --csv$see",
        "--$_ without --csv")
    for qw(class map delimiter date-format issued-at);
misused(csv($store, '', '--delimiter', '|'),
        "import: --delimiter: \"|\" is not \",\", \";\" or tab$see", 'a delimiter');
misused(csv($store, '', '--date-format', '%d/%m/%y'),
        qr{: import: --date-format: "%d/%m/%y" is not made of one %Y, },
        'a date format');
misused(csv($store, '', '--issued-at', 'today'),
        "import: --issued-at: \"today\" is no RFC 3339 date$see", 'a date');
fails(csv($store, "Name,Email,Date\n", '--class', 'd'),
      'import: there is no class "d"', 'a class that is not there');


# Rows that are wrong: the line that they begin in, and the column

my $head = "Name,Email,Date,Status,Id\n\nA,a\@x,2026-01-02,,\n";
my @wide = ('--map', "$MAP,Status=credential.status,Id=credential.id");

for (
    ['too few cells', 'B,b@x,2026-01-02,', '4 cells, where the header has 5'],
    ['too many', 'B,b@x,2026-01-02,,,', '6 cells, where the header has 5'],
    ['no e-mail address', 'B,,2026-01-02,,',
     'column "Email": empty; the holder has no other id'],
    ['something else', 'B,n/a,2026-01-02,,',
     'column "Email": no e-mail address to know the holder by'],
    ['no date', 'B,b@x,,,',
     'column "Date": empty; what is issued has a date, which --issued-at can give it'],
    ['a date of some format', 'B,b@x,05/03/2026,,',
     'column "Date": "05/03/2026" is no RFC 3339 date; --date-format says what it is'],
    ['no day', 'B,b@x,2026-02-30,,',
     'column "Date": "2026-02-30" is no RFC 3339 date; --date-format says what it is'],
    ['a status', 'B,b@x,2026-01-02,passed,',
     'column "Status": credential: member "status" must be one of draft, pending, '
     . 'issued, claimed, used, refunded, revoked'],
    ['a long name', 'B' x 4097 . ',b@x,2026-01-02,,',
     'column "Name": holder: member "name" is 4097 bytes long, at most 4096 are kept'],
    ['a long id', 'B,b@x,2026-01-02,,' . 'x' x 256,
     'column "Id": credential: member "id" is 256 bytes long, at most 255 are kept'],
    ['a NUL', "B\0,b\@x,2026-01-02,,", 'column "Name": a NUL'],
    ['Latin-1', "N\xe9,b\@x,2026-01-02,,", 'column "Name": not UTF-8'],
    ['a row of several lines', "\"B\nC\nD\",b\@x,2026-01-02,,x\x01",
     'column "Id": credential: member "id" is empty or has control characters'],
    ['another name for one person', 'B,a@x,2026-01-02,,y',
     'column "Name": the e-mail address has another name in a line before; '
     . 'holder.id can tell people apart'],
    ['one credential twice', 'A,a@x,2026-01-02,,', 'column "Id": the credential '
     . 'stands in line 3 already'],
    ['a credential of another class', 'B,b@x,2026-01-02,,theirs',
     'column "Id": credential "theirs" is of class "d"'],
)
{
    my ($name, $row, $error) = @$_;
    my @there = ($CLASS =~ s/"c"/"d"/r, $HOLDER,
                 $CREDENTIAL =~ s/"x"/"theirs"/r =~ s/"c"/"d"/r);
    my $text = "$head$row\nC,c\@x,2026-01-03,,\n";
    my $store = new_store(@there);

    my $r = csv($store, $text, @wide);
    my ($committed) = $r->{err} =~ /; last committed line: (\d)$/;
    fails($r, "import: line 4: $error; last committed line: "
          . ($committed // '?'), $name);
    is(scalar(credentials($store)), $committed >= 3 ? 2 : 1,
       'as many as it says are there');

    $store = new_store(@there);
    fails(csv($store, $text, @wide, '--dry-run'), "import: line 4: $error",
          "$name, dry run");
    $r = csv($store, $text, @wide, '--dry-run', '--skip-invalid', '--json');
    is($r->{status}, 0, "$name, dry run that skips");
    my ($dry) = json_lines($r->{out});
    is(scalar(credentials($store)), 1, 'writes nothing');

    my $err = $r->{err};
    $r = csv($store, $text, @wide, '--skip-invalid', '--json');
    is($r->{status}, 0, "$name, skipped");
    is($r->{err}, "credverify: import: line 4: $error\n", 'reported');
    is($err, $r->{err}, 'as by the dry run');

    my ($answer) = json_lines($r->{out});
    is("$answer->{invalid} $answer->{holder} $answer->{credential}", '1 2 2',
       'counted');
    delete @$_{qw(dry_run first_holder first_credential)} for $dry, $answer;
    is_deeply($dry, $answer, 'as by the dry run');
    is(scalar(credentials($store)), 3, 'the others are there');
    is(join('', map { $_->{name} eq 'B' ? 'B' : '' } holders($store)), '',
       'and nothing of the row');
    done_ok(run('--store', $store, 'check'), 'the store is whole');
}

# a handle of another credential

$store = new_store($HOLDER, $CREDENTIAL =~ s/\}$/,"code":"X"}/r);
my $codes = "Email,Date,Code\na\@x,2026-01-01,A\nb\@x,2026-01-01,X\n"
          . "c\@x,2026-01-01,A\nd\@x,2026-01-01,D\n";
my @codes = ('--map', 'Email=holder.email,Date=credential.issued_at,'
             . 'Code=credential.code');
my $taken = 'column "Code": credential: member "code": "%s" belongs to another '
          . 'credential already';
like(csv($store, $codes, @codes)->{err},
     qr/: import: line 3: \Q@{[sprintf $taken, 'X']}\E; last/, 'a code of another');
$r = csv($store, $codes, @codes, '--dry-run', '--skip-invalid');
is($r->{err}, join('', map { "credverify: import: line $_->[0]: "
                             . sprintf($taken, $_->[1]) . "\n" }
                       [3, 'X'], [4, 'A']), 'both, by a dry run');
is(csv($store, $codes, @codes, '--skip-invalid')->{err}, $r->{err},
   'and really');
is(scalar(holders($store)), 3, 'their holders are not made');

# after which nothing can be told apart

for (
    ['a quote in a cell', "B \"C\",b\@x,2026-01-02,,\n",
     'line 4: column "Name": a quote in a cell that does not begin with one'],
    ['text behind a quote', "\"B\" C,b\@x,2026-01-02,,\n",
     'line 4: column "Name": text behind a closing quote'],
    ['a space before a quote', "B, \"b\@x\",2026-01-02,,\n",
     'line 4: column "Email": a quote in a cell that does not begin with one'],
    ['a carriage return', "B,b\@x\rC,c\@x,2026-01-02,,\n",
     'line 4: column "Email": a carriage return alone; lines end with LF or CRLF'],
    ['a quote that is not closed', "B,\"b\@x,2026-01-02,,\nC,c\@x,2026-01-02,,\n",
     'line 4: column "Email": a quote that is not closed'],
    ['one that is not closed for long', "B,\"b\@x,2026-01-02,,\n" . ('x' x 1000 . "\n") x 1100,
     'line 4: column "Email": a row of more than 1048576 bytes; is a closing quote missing?'],
    ['a long line', 'B' x (2 << 20) . ",b\@x,2026-01-02,,\n",
     'line 4: longer than 1048576 bytes'],
    ['many cells', ',' x 1025 . "\n", 'line 4: cell 1025: more than 1024 cells'],
)
{
    my ($name, $row, $error) = @$_;
    for my $skip ([], ['--skip-invalid']) {
        my $r = csv(new_store(), "$head$row", @wide, @$skip);
        is($r->{status}, 1, "$name, @$skip");
        like($r->{err}, qr/\Acredverify: import: \Q$error\E; last committed line: [0-3]\n\z/,
             'error');
    }
}


# What no column says stays; an empty cell takes away

my $full = '{"kind":"holder","id":"h","name":"Holder","organization":"O"}';
my $issued = '{"kind":"credential","id":"x","class":"c","holder":"h","status":'
           . '"revoked","issued_at":"2026-01-01","expires_at":"2027-01-01",'
           . '"score":"1","attributes":{"a":[1],"b":"2","c":"3"},'
           . '"revoked_at":"2026-02-01","revocation_reason":"R"}';
my @known = ('--map', 'H=holder.id,N=holder.name,X=credential.id,'
             . 'D=credential.issued_at,B=attributes.b,C=attributes.c,'
             . 'D2=attributes.d,S=credential.score');

$store = new_store($full, $issued);
$r = csv($store, "H,N,X,D,B,C,D2,S\nh,New,x,2026-01-02,22,,4,\n", @known);
done_ok($r, 'a row of records that are there');
is_deeply([records_of($store)],
          [{ kind => 'holder', id => 'h', name => 'New', organization => 'O' },
           { kind => 'credential', id => 'x', class => 'c', holder => 'h',
             status => 'revoked', issued_at => '2026-01-02',
             expires_at => '2027-01-01',
             attributes => { a => [1], b => '22', d => '4' },
             revoked_at => '2026-02-01', revocation_reason => 'R' }],
          'changes what it says');

my $before = changes($store);
csv($store, "H,N,X,D,B,C,D2,S\nh,New,x,2026-01-02,22,,4,\n", @known);
is(changes($store), $before, 'and nothing, again');

my @status = ('--map', 'H=holder.id,X=credential.id,D=credential.issued_at,'
              . 'S=credential.status');
done_ok(csv($store, "H,X,D,S\nh,x,2026-01-02,\n", @status), 'an empty status');
is((credentials($store))[0]{status}, 'revoked', 'is none');
$r = csv($store, "H,X,D,S\nh,x,2026-01-02,issued\n", @status);
is($r->{err}, "credverify: import: revocations undone by lines that say "
   . "otherwise: 1\n", 'a status that undoes a revocation');
is_deeply([@{ (credentials($store))[0] }{qw(status revoked_at revocation_reason)}],
          ['issued', undef, undef], 'and what was said of it');

# which credential of the holder it is

my @numbers = ('--map', 'Email=holder.email,Date=credential.issued_at,'
               . 'Number=credential.number,Code=credential.code');
my $some = "Email,Date,Number,Code\na\@x,2026-01-01,1,\na\@x,2026-01-01,2,B\n"
         . "a\@x,2026-01-01,,C\na\@x,2026-01-01,,\n";
$store = new_store();
done_ok(csv($store, $some, @numbers), 'a number, a code, or neither');
is(scalar(holders($store)), 1, 'of one holder');
my %ids = map { $_->{id} => 1 } credentials($store);
is(scalar(keys %ids), 4, 'are four');
done_ok(csv($store, $some =~ s/2026/2025/gr, @numbers), 'again');
is_deeply({ map { $_->{id} => 1 } credentials($store) }, \%ids, 'the same four');
is(scalar(grep { $_->{issued_at} eq '2025-01-01' } credentials($store)), 4,
   'with what is new');

my $anyone = "Name,Email,Date\nA,a\@x,2026-01-01\n";
fails(csv($store, $anyone), 'import: line 2: the holder has 4 credentials that '
      . 'this could be; credential.id or credential.number can tell them apart; '
      . 'last committed line: 0', 'none that is meant');

my $holder = uuid('holder', 'i', 'a@x');
$store = new_store(qq({"kind":"holder","id":"$holder"}),
                   $CREDENTIAL =~ s/"h"/"$holder"/r =~ s/\}$/,"number":"N"}/r,
                   $CLASS =~ s/"c"/"d"/r,
                   $CREDENTIAL =~ s/"x"/"y"/r =~ s/"c"/"d"/r =~ s/"h"/"$holder"/r);
done_ok(csv($store, $anyone), 'one that was made otherwise');
is(join(' ', map { "$_->{id} " . ($_->{issued_at} // '-') } credentials($store)),
   'x 2026-01-01 y -', 'is the one of the class');
done_ok(csv($store, "Email,Date,Number,Code\na\@x,2026-01-02,M,\n", @numbers),
        'another number');
is(scalar(credentials($store)), 3, 'is another one');
my $moved = "Email,Date,Number,Code\nb\@x,2026-01-02,N,\n";
like(csv($store, $moved, @numbers)->{err},
     qr/: line 2: column "Number": credential: member "number": "N" belongs to another /,
     'a number of somebody else');

$store = new_store();
csv($store, "Id,Email,Date\n7,a\@x,2026-01-01\n,a\@x,2026-01-01\n", '--map',
    'Id=holder.id,Email=holder.email,Date=credential.issued_at');
is_deeply([map { $_->{id} } holders($store)], ['7', $holder],
          'an id that is given comes first');
is((csv($store, "Id,N,Date\n7,A,2026-01-01\n7,B,2026-01-01\n", '--map',
        'Id=holder.id,N=holder.name,Date=credential.issued_at'))->{err}
   =~ /another name/, '', 'and may have any name');
like(csv($store, "Id,Date\n,2026-01-01\n", '--map',
         'Id=holder.id,Date=credential.issued_at')->{err},
     qr/: line 2: column "Id": empty; the holder has no other id; /, 'but must be one');


# Dates

is((made("Name,Email,Date\nA,a\@x,$_->[1]\n", '--date-format', $_->[0]))[1]
   {issued_at}, $_->[2], "$_->[0]")
    for ['%d/%m/%Y', '05/03/2026', '2026-03-05'],
        ['%m/%d/%Y', '05/03/2026', '2026-05-03'],
        ['%b %d, %Y', '"Mar 5, 2026"', '2026-03-05'],
        ['%d.%m.%Y %H:%M', '5.3.2026 17:30', '2026-03-05T17:30:00Z'];

fails(csv(new_store(), "Name,Email,Date\nA,a\@x,2026-03-05\n", '--date-format',
          '%d/%m/%Y'), 'import: line 2: column "Date": "2026-03-05" is no date of '
      . 'the format "%d/%m/%Y"; last committed line: 0', 'no other format');
is_deeply([map { $_->{issued_at} // () }
           made("Email,Date,End\na\@x,05/03/2026,06/03/2026\n", '--date-format',
                '%d/%m/%Y', '--map', 'Email=holder.email,'
                . 'Date=credential.issued_at,End=credential.expires_at')],
          ['2026-03-05'], 'of all columns');

# the date where there is none

my @given = ('--map', 'Email=holder.email,S=credential.status', '--issued-at',
             '2026-01-01');
$store = new_store();
csv($store, "Email,S\na\@x,\nb\@x,draft\nc\@x,pending\nd\@x,used\n", @given);
is(join(' ', map { $_->{issued_at} // '-' } credentials($store)),
   '2026-01-01 - - 2026-01-01', '--issued-at, for what was issued');
csv($store, "Email,S\na\@x,\n", @given[0, 1], '--issued-at', '2026-09-09');
is((credentials($store))[0]{issued_at}, '2026-01-01',
   'and has no date yet');
is((made("Name,Email,Date\nA,a\@x,\n", '--issued-at', '2026-01-01'))[1]{issued_at},
   '2026-01-01', 'in a column, too');

# the expiry that a class gives

sub expiry {
    my ($store, $text, @options) = @_;
    my $r = csv($store, $text, @options);
    diag $r->{err} if $r->{status};
    return join ' ', map { $_->{expires_at} // '-' } credentials($store);
}

$store = load($ISSUER, $CLASS_730);
my @ends = ('--map', "$MAP,End=credential.expires_at,S=credential.status");
is(expiry($store, "Name,Email,Date\nA,a\@x,2026-01-01\n"), '2028-01-01',
   'as issuing does');
is(expiry($store, "Name,Email,Date\nA,a\@x,2026-01-02\n"), '2028-01-02',
   'it follows the date');
run('--store', $store, 'class', 'set', 'c', '--valid-days', '10');
is(expiry($store, "Name,Email,Date\nA,a\@x,2026-01-03\n"), '2028-01-02',
   'unless it is another one');
is(expiry($store, "Name,Email,Date,End,S\nA,a\@x,2026-01-03,2029-01-01,\n", @ends),
   '2029-01-01', 'a column says');
is(expiry($store, "Name,Email,Date,End,S\nA,a\@x,2026-01-03,,\n", @ends), '-',
   'that there is none');
is(expiry($store, "Name,Email,Date\nA,a\@x,2026-01-04\n"), '-', 'for good');
$store = load($ISSUER, $CLASS_730);
is(expiry($store, "Name,Email,Date,End,S\nA,a\@x,,,draft\n",
          '--map', "$MAP,S=credential.status"), '-', 'a draft has none');
is(expiry($store, "Name,Email,Date,S\nA,a\@x,2026-01-01,issued\n",
          '--map', "$MAP,S=credential.status"), '2028-01-01',
   'until it is issued');


# A dry run shows what the first row becomes

$store = load($ISSUER, $CLASS_730);
$text = "Name,Email,Date\n,bad,2026-01-01\nA,a\@x,2026-01-01\nB,b\@x,2026-01-01\n";
$r = csv($store, $text, '--dry-run', '--json', '--skip-invalid');
my ($answer) = json_lines($r->{out});
is(scalar(records_of($store)), 0, 'a dry run');
csv($store, $text, '--skip-invalid');
my ($first, undef, $credential) = records_of($store);
like(delete $answer->{first_credential}{id}, qr/\A$random\z/, 'a random id');
delete $credential->{id};
is_deeply([@$answer{qw(first_holder first_credential)}], [$first, $credential],
          'shows the first records as they are then');
unlike(csv($store, $text, '--dry-run', '--skip-invalid')->{out}, qr/first/,
       'for programs and terminals only');
my ($really) = json_lines(csv($store, "Name,Email,Date\n", '--json')->{out});
ok(!exists $really->{first_holder}, 'and not really');

SKIP: {
    skip 'no script', 1 if system('script --version >/dev/null 2>&1') != 0;
    my $file = write_file($text);
    my $said = `script -qec "$BINARY --store $store import --csv --class c --map '$MAP' --dry-run --skip-invalid $file" /dev/null </dev/null`;
    like($said, qr/^first holder +\{"kind":"holder","id":"\Q$first->{id}\E","name":"A","email":"a\@x"\}\r?$/m,
         'on a terminal');
}


# Batches end between rows

my $rows = 6000;
my $big = write_file("Name,Email,Date\n" . join('', map {
    qq("Name\n$_",h$_\@x,2026-01-01\n) } 1 .. $rows) . "x\n");
$store = new_store();
$r = run('--store', $store, 'import', '--csv', '--class', 'c', '--map', $MAP,
         $big);
my $at = 2 * $rows + 2;
like($r->{err}, qr/: import: line $at: 1 cells, where the header has 3; last committed line: \d+\n/,
     'a wrong row far behind');
my ($committed) = $r->{err} =~ /line: (\d+)$/;
cmp_ok($committed, '>', 0, "$committed lines are committed");
is($committed % 2, 1, 'whole rows');
is(scalar(credentials($store)), ($committed - 1) / 2, 'as many as it says');

# in the middle of a row, too

my $fifo = temp();
mkfifo $fifo, 0600 or die "$fifo: $!";
$store = new_store();
my $job = start('--store', $store, 'import', '--csv', '--class', 'c', '--map',
                $MAP, $fifo);
open my $writer, '>', $fifo or die "$fifo: $!";
$writer->autoflush(1);
print $writer "Name,Email,Date\nA,a\@x,2026-01-01\n\"B\nC";
my $end = time + 20;
sleep 0.02 until credentials($store) == 1 || time > $end;
is(scalar(credentials($store)), 1, 'a whole row is written while one is not');
kill 'INT', $job->{pid};
$r = finish($job);
is($r->{err}, "credverify: import: interrupted; last committed line: 2\n",
   'and is the last one, when interrupted');
close $writer;

done_testing();
