// Documents of Yjs for tests/test_wire_documents.py, as JSON lines [what, format, base64].
//
//   node documents.mjs SEEDS EDITS    with every type in them: each update, and the whole states
//   node documents.mjs large EDITS    a text after edits at random places, a quarter of them deletions
import * as Y from 'yjs'

const [mode, edits] = [process.argv[2], Number(process.argv[3])]

const source = seed => {
  let state = seed * 2654435761 >>> 0 || 1
  return bound => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % bound
  }
}

const STRINGS = ['a', 'conflict ', '\u00e9', '\u{1f600}', '\ud83d', '\u0000\n', '']
const VALUES = [
  0, -0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, 0.5, 0.1, 1e300, NaN, Infinity, [1234567890123456789n], true, false, null, [undefined],
  'text', [1, [2, []], {}], { a: { b: [null] }, $x: 'y' }, new Uint8Array([0, 1, 255]), new Uint8Array(0)
]
const JSONS = [1, 'x', null, true, { deep: [1, { a: null }] }, [0.5]]

const value = random => VALUES[random(VALUES.length)]

const nested = random => [
  () => new Y.Array(), () => new Y.Map(), () => new Y.Text('nested'), () => new Y.XmlElement('p'), () => new Y.XmlText('x'),
  () => new Y.XmlFragment(), () => new Y.XmlHook('hook'), () => new Y.Doc({ guid: `guid ${random(9)}`, autoLoad: random(2) === 0, meta: { a: 1 } })
][random(8)]()

const STEPS = [
  ({ text }, random) => text.insert(random(text.length + 1), STRINGS[random(STRINGS.length)] || 'b'),
  ({ text }, random) => text.length > 0 && text.delete(random(text.length), 1),
  ({ text }, random) => text.length > 1 && text.format(random(text.length - 1), 1, { [`key ${random(3)}`]: JSONS[random(JSONS.length)] }),
  ({ text }, random) => text.insertEmbed(random(text.length + 1), JSONS[3 + random(3)] === true ? { image: 1 } : JSONS[4], { b: true }),
  ({ array }, random) => array.insert(random(array.length + 1), Array.from({ length: 1 + random(3) }, () => value(random))),
  ({ array }, random) => array.insert(random(array.length + 1), [nested(random)]),
  ({ array }, random) => array.length > 0 && array.delete(random(array.length), 1),
  ({ map }, random) => map.set(`key ${random(4)}`, random(3) === 0 ? nested(random) : value(random)),
  ({ map }, random) => map.delete(`key ${random(4)}`),
  ({ xml }, random) => {
    const element = new Y.XmlElement('div')
    xml.insert(random(xml.length + 1), [element])
    element.setAttribute('class', STRINGS[random(STRINGS.length)])
    element.insert(0, [new Y.XmlText('in it'), new Y.XmlElement('br')])
  },
  ({ xml }, random) => xml.length > 0 && xml.delete(random(xml.length), 1)
]

const say = (what, format, bytes) => console.log(JSON.stringify([what, format, Buffer.from(bytes).toString('base64')]))

const fuzz = seed => {
  const random = source(seed)
  const emitted = []
  const docs = [1, 2].map(number => {
    const doc = new Y.Doc({ gc: random(2) === 0 })
    doc.clientID = seed * 2 ** (number === 1 ? 3 : 40) + number
    doc.on('update', update => {
      emitted.push(update)
      say('update', 'v1', update)
    })
    doc.on('updateV2', update => say('update', 'v2', update))
    return doc
  })
  for (let edit = 0; edit < edits; edit++) {
    const doc = docs[random(2)]
    const roots = { text: doc.getText('text'), array: doc.getArray('array'), map: doc.getMap('map'), xml: doc.getXmlFragment('xml') }
    doc.transact(() => STEPS[random(STEPS.length)](roots, random))
    if (random(8) === 0) {
      const [from, to] = random(2) === 0 ? docs : [...docs].reverse()
      Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)))
    }
  }
  for (const doc of docs) {
    const states = [Y.encodeStateAsUpdate(doc), Y.encodeStateAsUpdateV2(doc)]
    say('update', 'v1', states[0])
    say('update', 'v2', states[1])
    say('update', 'v1', Y.convertUpdateFormatV2ToV1(states[1]))
    say('state-vector', null, Y.encodeStateVector(doc))
    const snapshot = Y.snapshot(doc)
    say('snapshot', 'v1', Y.encodeSnapshot(snapshot))
    say('snapshot', 'v2', Y.encodeSnapshotV2(snapshot))
    const text = doc.getText('text')
    for (const [index, assoc] of [[0, 0], [0, -1], [text.length >> 1, 0], [text.length, -1], [text.length, 0]]) {
      say('position', null, Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(text, index, assoc)))
    }
  }
  // Every third: what is between two of them is skipped.
  const gaps = Y.mergeUpdates(emitted.filter((_, index) => index % 3 === 0))
  say('update', 'v1', gaps)
  say('update', 'v2', Y.convertUpdateFormatV1ToV2(gaps))
  say('update', 'v1', Y.mergeUpdates(docs.map(doc => Y.encodeStateAsUpdate(doc))))
  say('update', 'v2', Y.mergeUpdatesV2(docs.map(doc => Y.encodeStateAsUpdateV2(doc))))
}

const large = () => {
  const random = source(1)
  const doc = new Y.Doc()
  doc.clientID = 77
  const text = doc.getText('t')
  for (let edit = 0; edit < edits; edit++) {
    if (text.length > 10 && random(4) === 0) text.delete(random(text.length - 1), 1)
    else text.insert(random(text.length + 1), 'x')
  }
  say('update', 'v1', Y.encodeStateAsUpdate(doc))
  say('update', 'v2', Y.encodeStateAsUpdateV2(doc))
}

if (mode === 'large') large()
else for (let seed = 1; seed <= Number(mode); seed++) fuzz(seed)
