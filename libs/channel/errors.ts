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
