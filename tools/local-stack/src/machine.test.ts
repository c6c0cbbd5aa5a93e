import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'
import { readEnvironment } from './environment.ts'
import { traversable } from './folders.ts'
import { findJava, parseJavaSettings } from './java.ts'
import { fetchLocked } from './maven.ts'
import { silent } from './progress.ts'
import { unprivilegedUser } from './run-as.ts'
import { readZip, unpackZip } from './zip.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headrace-machine-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const settings = (version: string): string =>
  `Property settings:\n    java.home = /opt/java\n    java.runtime.version = ${version}.0.1+2\n    java.specification.version = ${version}\n`

/** A program that answers as `java` does. */
const fakeJava = (version: string): string => {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'java'), `#!/bin/sh\ncat >&2 <<'END'\n${settings(version)}END\n`)
  chmodSync(join(bin, 'java'), 0o755)
  return folder
}

describe('findJava', () => {
  it('reads home and version', () => {
    expect(parseJavaSettings(settings('21'))).toEqual({ home: '/opt/java', version: '21.0.1+2', feature: 21 })
    expect(parseJavaSettings(settings('1.8'))?.feature).toBe(8)
    expect(parseJavaSettings('no java at all')).toBeUndefined()
  })

  it('accepts 17, refuses what is older or absent, and names the three ways', async () => {
    const javaHome = fakeJava('17')
    expect(await findJava(readEnvironment({ JAVA_HOME: javaHome }))).toMatchObject({ home: '/opt/java' })
    fakeJava('11')
    const older = findJava(readEnvironment({ PATH: join(javaHome, 'bin') }))
    await expect(older).rejects.toMatchObject({
      code: 'stack.java_missing',
      message: expect.stringContaining('11.0.1'),
    })
    const none = findJava(readEnvironment({ PATH: '' }))
    await expect(none).rejects.toMatchObject({
      code: 'stack.java_missing',
      hint: expect.stringMatching(/Maven.*compose.*HEADRACE_POSTGRES_URL/s),
    })
  })
})

describe('fetchLocked', () => {
  it('says what to do when Maven is absent', async () => {
    const download = {
      environment: readEnvironment({ PATH: '' }),
      progress: silent,
      signal: undefined,
      subject: 'kafka',
    }
    await expect(fetchLocked([], join(folder, 'lib'), download)).rejects.toMatchObject({
      code: 'stack.maven_missing',
      hint: expect.stringContaining('HEADRACE_MAVEN_BASE'),
    })
  })
})

describe('traversable', () => {
  it('wants every folder above open to pass', () => {
    chmodSync(folder, 0o755)
    mkdirSync(join(folder, 'closed'), { mode: 0o700 })
    expect(traversable(join(folder, 'absent', 'deeper'))).toBe(true)
    expect(traversable(join(folder, 'closed', 'deeper'))).toBe(false)
  })
})

describe('unprivilegedUser', () => {
  it('is nobody, else the first that is not root', () => {
    expect(unprivilegedUser('root:x:0:0::/:\nann:x:1000:1001::/:\nnobody:x:65534:65533::/:')).toEqual({
      uid: 65534,
      gid: 65533,
    })
    expect(unprivilegedUser('root:x:0:0::/:\nann:x:1000:1001::/:')).toEqual({ uid: 1000, gid: 1001 })
    expect(unprivilegedUser('')).toEqual({ uid: 65534, gid: 65534 })
  })
})

/** An archive as Info-ZIP writes it, by the format's own description. */
const zipOf = (
  files: readonly { name: string; content: string; mode: number; packed: boolean }[],
): Buffer => {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let offset = 0
  for (const { name, content, mode, packed } of files) {
    const plain = Buffer.from(content)
    const data = packed ? deflateRawSync(plain) : plain
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(packed ? 8 : 0, 8)
    local.writeUInt32LE(crc32(plain), 14)
    local.writeUInt16LE(name.length, 26)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt16LE(packed ? 8 : 0, 10)
    central.writeUInt32LE(data.length, 20)
    central.writeUInt32LE(plain.length, 24)
    central.writeUInt16LE(name.length, 28)
    central.writeUInt16LE(mode, 40)
    central.writeUInt32LE(offset, 42)
    locals.push(local, Buffer.from(name), data)
    centrals.push(central, Buffer.from(name))
    offset += 30 + name.length + data.length
  }
  const directory = Buffer.concat(centrals)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}

describe('zip', () => {
  it('unpacks folders, packed and plain files, and keeps what may be run', () => {
    const archive = join(folder, 'a.zip')
    const text = 'hello '.repeat(1000)
    writeFileSync(
      archive,
      zipOf([
        { name: 'top/', content: '', mode: 0o755, packed: false },
        { name: 'top/run', content: text, mode: 0o755, packed: true },
        { name: 'top/sub/plain', content: 'x', mode: 0o600, packed: false },
      ]),
    )
    const out = join(folder, 'out')
    unpackZip(archive, out)
    expect(readFileSync(join(out, 'top/run'), 'utf8')).toBe(text)
    expect(statSync(join(out, 'top/run')).mode & 0o777).toBe(0o755)
    expect(statSync(join(out, 'top/sub/plain')).mode & 0o777).toBe(0o644)
  })

  it('refuses an entry that points outside, and what is no archive', () => {
    const archive = join(folder, 'a.zip')
    writeFileSync(archive, zipOf([{ name: '../evil', content: 'x', mode: 0, packed: false }]))
    expect(() => unpackZip(archive, join(folder, 'out'))).toThrow(/outside/)
    expect(() => readZip(Buffer.from('not a zip, but long enough to look like one'))).toThrow(/no end record/)
  })
})
