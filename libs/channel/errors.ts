import { errorsOf } from '@allod/protocol'

/** Errors of the relay: the frames, the streams and the byte channel under them. */
export const relayFail = errorsOf('channel', {
  'bad-preface': ['the other side does not speak the relay protocol', 'check which socket this is connected to'],
  'bad-frame': [
    'a relay frame breaks the protocol',
    'the channel is closed; check that both sides run the same release',
  ],
  'window-exceeded': [
    'the other side sent more than it was given credit for',
    'the channel is closed; check that both sides run the same release',
  ],
  'control-flood': [
    'the other side causes answers faster than it reads them',
    'the channel is closed; restart the environment',
  ],
  'channel-cut': ['the byte channel ended inside a frame', 'start the environment again'],
  'relay-closed': ['the relay is closed', 'open a new channel to the other side'],
  'bad-name': ['a stream name is not 1 to 64 visible ASCII characters', 'use the name of a destination'],
  'too-many-streams': ['as many streams are open as the relay allows', 'close some, or wait for one to end'],
  'open-refused': ['the other side refused to open a stream', 'check that the destination is configured and reachable'],
  'open-timeout': ['the other side did not accept a stream in time', 'try again, or raise openTimeoutMs'],
  'stream-reset': ['a stream was dropped before its end', 'try the request again'],
  'stream-ended': ['a stream was written to after its end', 'open another stream'],
})

/** Errors of byte sources. */
export const sourceFail = errorsOf('channel', {
  'source-too-large': ['a body is larger than its bound', 'send less at once, or read it as a stream'],
})

/** Errors of binary HTTP (RFC 9292). */
export const httpFail = errorsOf('channel', {
  'bhttp-malformed': ['a binary HTTP message breaks RFC 9292', 'check that both sides run the same release'],
  'bhttp-truncated': ['a binary HTTP message ends too early', 'send the request again'],
  'bhttp-too-large': ['a part of a binary HTTP message is larger than its bound', 'send less, or raise the bound'],
})

/** Errors of sealed requests and responses. */
export const sealFail = errorsOf('channel', {
  'bad-service-key': ['a service key is not an X-Wing public key', 'take it from verified evidence'],
  'sealed-suite': ['a sealed request is of another version or suite', 'check that both sides run the same release'],
  'unknown-service-key': [
    'a request is sealed to a key that is not in use',
    'fetch and verify new evidence, then seal it again',
  ],
  'sealed-truncated': ['a sealed stream was cut before its end', 'do not use what came so far; send a new request'],
  'sealed-chunk-refused': [
    'a sealed chunk was changed, moved, repeated, or sealed to something else',
    'do not use what came so far; fetch and verify new evidence, then send a new request',
  ],
  'sealed-padding': ['a sealed chunk is not padded as it must be', 'check that both sides run the same release'],
  'sealed-too-long': ['a sealed stream has more chunks than one key may seal', 'split the request'],
  'replayed-request': ['a sealed request was sent before', 'seal a new one; an old one is never answered twice'],
  'replay-set-full': ['the service key has answered as many requests as it may', 'fetch new evidence for the next key'],
  'response-reused': ['a response was already opened for this request', 'seal a new request'],
})
