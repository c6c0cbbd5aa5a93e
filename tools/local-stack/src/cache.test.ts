import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { coordinatesOf, pomFor, readLock, verifyFiles } from './artifacts.ts'
import { cached } from './cache.ts'
import { kafkaVersions, versions } from './versions.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'headrace-cache-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('cached', () => {
  it('fills once', async () => {
    let fills = 0
    const fill = async (folder: string): Promise<void> => {
      fills++
      await Promise.resolve()
      writeFileSync(join(folder, 'a'), '1')
    }
    const first = await cached('thing-1', fill, root)
    expect(await cached('thing-1', fill, root)).toBe(first)
    expect(fills).toBe(1)
    expect(readFileSync(join(first, 'a'), 'utf8')).toBe('1')
  })

  it('may be read by all, whatever the umask is', async () => {
    const before = process.umask(0o077)
    try {
      const folder = await cached(
        'thing-1',
        async content => {
          await Promise.resolve()
          mkdirSync(join(content, 'bin'))
          writeFileSync(join(content, 'bin', 'run'), '', { mode: 0o755 })
          writeFileSync(join(content, 'bin', 'file'), '')
        },
        root,
      )
      const modes = ['', 'bin', 'bin/run', 'bin/file'].map(name => statSync(join(folder, name)).mode & 0o777)
      expect(modes).toEqual([0o755, 0o755, 0o755, 0o644])
    } finally {
      process.umask(before)
    }
  })

  it('leaves nothing of a fill that failed, and fills again', async () => {
    const failing = cached(
      'thing-1',
      async folder => {
        writeFileSync(join(folder, 'half'), '')
        await Promise.reject(new Error('cut off'))
      },
      root,
    )
    await expect(failing).rejects.toThrow('cut off')
    expect(existsSync(join(root, 'thing-1'))).toBe(false)
    expect(readdirSync(join(root, 'parts'))).toEqual([])
    await cached('thing-1', () => Promise.resolve(), root)
    expect(existsSync(join(root, 'thing-1'))).toBe(true)
  })

  it('takes the first of two that fill at once, and never shows half of one', async () => {
    let release = (): void => undefined
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    const slow = cached(
      'thing-1',
      async folder => {
        writeFileSync(join(folder, 'by'), 'slow')
        await gate
      },
      root,
    )
    const quick = await cached(
      'thing-1',
      folder => Promise.resolve(writeFileSync(join(folder, 'by'), 'quick')),
      root,
    )
    release()
    expect(await slow).toBe(quick)
    expect(readFileSync(join(quick, 'by'), 'utf8')).toBe('quick')
    expect(readdirSync(join(root, 'parts'))).toEqual([])
  })
})

describe('what a killed fill left', () => {
  it('is removed by a later fill, but not while it may still be at work', async () => {
    const old = join(root, 'parts', 'fill-old')
    const young = join(root, 'parts', 'fill-young')
    for (const folder of [old, young]) mkdirSync(folder, { recursive: true })
    utimesSync(old, 1, 1)
    await cached('thing-1', () => Promise.resolve(), root)
    expect(readdirSync(join(root, 'parts'))).toEqual(['fill-young'])
  })
})

describe('verifyFiles', () => {
  const file = {
    path: 'g/a/1/a-1.jar',
    size: 3,
    sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  }

  it('accepts the locked bytes and nothing else', async () => {
    await expect(verifyFiles(root, [file])).rejects.toMatchObject({ code: 'stack.download_failed' })
    writeFileSync(join(root, 'a-1.jar'), 'abd')
    await expect(verifyFiles(root, [file])).rejects.toMatchObject({ code: 'stack.checksum' })
    writeFileSync(join(root, 'a-1.jar'), 'abc')
    await expect(verifyFiles(root, [file])).resolves.toBeUndefined()
  })
})

describe('lock files', () => {
  const all = [
    ...kafkaVersions.flatMap(version => readLock(`kafka-${version}`)),
    ...readLock(`elasticsearch-${versions.elasticsearch}`),
  ]

  it('hold coordinates and checksums, no addresses', () => {
    expect(all.length).toBeGreaterThan(40)
    for (const { path, sha256, size } of all) {
      expect(path).toMatch(/^[\w.-]+(\/[\w.-]+)+\.(jar|zip)$/)
      expect(sha256).toMatch(/^[0-9a-f]{64}$/)
      expect(size).toBeGreaterThan(0)
    }
  })

  it('become a Maven project that names each file and nothing behind it', () => {
    expect(coordinatesOf('org/apache/kafka/kafka_2.13/4.1.1/kafka_2.13-4.1.1.jar')).toEqual({
      group: 'org.apache.kafka',
      artifact: 'kafka_2.13',
      version: '4.1.1',
      type: 'jar',
    })
    expect(pomFor(all).match(/<dependency>/g)).toHaveLength(all.length)
  })
})
