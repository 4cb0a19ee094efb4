import { hex, sha256, stream, type TarFields, tag, tarEnd, tarFile, tarHeader } from './reference.ts'

const content = Buffer.from('hello\n')
const long = `${'d'.repeat(60)}/${'e'.repeat(60)}/${'f'.repeat(60)}`

type Good = readonly [
  name: string,
  files: readonly (readonly [path: string, content: string, isExecutable: boolean])[],
  archive: Buffer,
]

const good: readonly Good[] = [
  ['no files', [], tarEnd],
  ['one file', [['a.txt', 'hello\n', false]], Buffer.concat([tarFile({ name: 'a.txt' }, content), tarEnd])],
  [
    'an empty file and a program',
    [
      ['empty', '', false],
      ['run.sh', 'hello\n', true],
    ],
    Buffer.concat([
      tarFile({ name: 'empty' }, Buffer.alloc(0)),
      tarFile({ name: 'run.sh', mode: '0000755\0' }, content),
      tarEnd,
    ]),
  ],
  [
    'a long path',
    [[long, 'hello\n', false]],
    // The prefix ends at the first slash that leaves at most 100 bytes.
    Buffer.concat([tarFile({ prefix: long.slice(0, 121), name: long.slice(122) }, content), tarEnd]),
  ],
  [
    'order by bytes, not by folder',
    [
      ['a-b', '', false],
      ['a/b', '', false],
      ['a0', '', false],
      ['ä', '', false],
    ],
    Buffer.concat([...['a-b', 'a/b', 'a0', 'ä'].map((name) => tarFile({ name }, Buffer.alloc(0))), tarEnd]),
  ],
]

const one = (fields: Omit<TarFields, 'size'>): Buffer => Buffer.concat([tarFile(fields, content), tarEnd])
const many = (...names: string[]): Buffer => Buffer.concat([...names.map((name) => tarFile({ name }, content)), tarEnd])

const bad: readonly (readonly [name: string, archive: Buffer, code: string])[] = [
  ['a name with ..', one({ name: '../a' }), 'bad-path'],
  ['a name that ends in ..', one({ name: 'a/..' }), 'bad-path'],
  ['an absolute name', one({ name: '/etc/passwd' }), 'bad-path'],
  ['an empty name', one({ name: '' }), 'bad-path'],
  ['an empty part', one({ name: 'a//b' }), 'bad-path'],
  ['a dot part', one({ name: './a' }), 'bad-path'],
  ['a folder', one({ name: 'a/' }), 'bad-path'],
  ['a backslash', one({ name: 'a\\b' }), 'bad-path'],
  ['a line break', one({ name: 'a\nb' }), 'bad-path'],
  ['a name that is not NFC', one({ name: 'a\u0308' }), 'bad-path'],
  ['a file twice', many('a', 'a'), 'bad-path'],
  ['files out of order', many('b', 'a'), 'bad-path'],
  ['a file inside a file', many('a', 'a-', 'a/b'), 'bad-path'],
  ['a symbolic link', one({ name: 'a', type: '2', linkname: '/etc/passwd' }), 'bad-archive'],
  ['a hard link', one({ name: 'a', type: '1', linkname: 'b' }), 'bad-archive'],
  ['a device', one({ name: 'a', type: '3' }), 'bad-archive'],
  ['a folder entry', one({ name: 'a', type: '5' }), 'bad-archive'],
  ['a GNU long name', one({ name: 'a', type: 'L' }), 'bad-archive'],
  ['a pax header', one({ name: 'a', type: 'x' }), 'bad-archive'],
  ['an old type', one({ name: 'a', type: '\0' }), 'bad-archive'],
  ['setuid', one({ name: 'a', mode: '0004755\0' }), 'bad-archive'],
  ['an owner', one({ name: 'a', uid: '0001750\0' }), 'bad-archive'],
  ['an owner name', one({ name: 'a', uname: 'root' }), 'bad-archive'],
  ['a time', one({ name: 'a', mtime: '14371573410\0' }), 'bad-archive'],
  ['GNU magic', one({ name: 'a', magic: 'ustar  \0' }), 'bad-archive'],
  ['a wrong checksum', one({ name: 'a', checksum: '000000\0 ' }), 'bad-archive'],
  ['a size with a sign', one({ name: 'a', sizeField: '-0000000006\0' }), 'bad-archive'],
  ['no size', one({ name: 'a', sizeField: '\0' }), 'bad-archive'],
  ['a small size in base 256', one({ name: 'a', sizeField: `\x80${'\0'.repeat(10)}\x06` }), 'bad-archive'],
  ['a prefix where none is needed', one({ prefix: 'a', name: 'b' }), 'bad-archive'],
  [
    'fill that is not zero',
    Buffer.concat([tarHeader({ name: 'a', size: 1 }), Buffer.alloc(512, 1), tarEnd]),
    'bad-archive',
  ],
  ['cut inside a file', many('a').subarray(0, 515), 'bad-archive'],
  ['cut inside a header', many('a').subarray(0, 100), 'bad-archive'],
  ['no end', many('a').subarray(0, -1024), 'bad-archive'],
  ['half an end', many('a').subarray(0, -512), 'bad-archive'],
  ['a file after half an end', Buffer.concat([many('a').subarray(0, -512), many('b')]), 'bad-archive'],
  ['zeros after the end', Buffer.concat([many('a'), Buffer.alloc(512)]), 'bad-archive'],
]

/** Archives, and public folders' trees. */
export const archiveVectors = () => ({
  archives: {
    good: good.map(([name, files, archive]) => ({
      name,
      files: files.map(([path, text, isExecutable]) => ({ path, text, isExecutable })),
      length: archive.length,
      sha256: hex(sha256(archive)),
    })),
    bad: bad.map(([name, archive, code]) => ({
      name,
      // Blocks of a tar are mostly zeros; base64 of the raw bytes keeps the file readable enough.
      base64: archive.toString('base64'),
      code: `content/${code}`,
    })),
  },
  trees: trees(),
})

function trees() {
  const file = (path: string, length: number, isExecutable = false) => ({
    isExecutable,
    path,
    sha256: hex(sha256(stream(path, length))),
    sizeBytes: length,
  })
  const document = (files: unknown): Buffer => Buffer.concat([tag('allod/tree/v1'), Buffer.from(JSON.stringify(files))])
  const entry = (name: string, files: unknown, code: string | null) => {
    const blob = document(files)
    return { name, blob: hex(blob), treeHash: hex(sha256(blob)), code }
  }
  const untagged = Buffer.from('[]')
  return [
    entry('empty', [], null),
    entry('two files', [file('config.json', 100), file('tools/run', 10, true)], null),
    entry('out of order', [file('b', 1), file('a', 1)], 'content/bad-path'),
    entry('twice', [file('a', 1), file('a', 1)], 'content/bad-path'),
    entry('outside', [file('../a', 1)], 'content/bad-path'),
    entry('file inside a file', [file('a', 1), file('a/b', 1)], 'content/bad-path'),
    entry('not a list', {}, 'content/bad-tree'),
    entry('a field too many', [{ ...file('a', 1), uid: 0 }], 'content/bad-tree'),
    entry(
      'keys out of order',
      [{ path: 'a', isExecutable: false, sha256: file('a', 1).sha256, sizeBytes: 1 }],
      'content/bad-tree',
    ),
    { name: 'no tag', blob: hex(untagged), treeHash: hex(sha256(untagged)), code: 'content/bad-tree' },
    { name: 'another hash', blob: hex(document([])), treeHash: hex(sha256(untagged)), code: 'content/blob-mismatch' },
  ]
}
