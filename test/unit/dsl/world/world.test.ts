import { describe, expect, it } from 'vitest';
import type { PathState } from '../../../../lib/dsl/world/foreseen.ts';
import { PerNames } from '../../../../lib/dsl/world/per-names.ts';
import { Slot } from '../../../../lib/dsl/world/things.ts';
import { UNKNOWN, World } from '../../../../lib/dsl/world/world.ts';

const SEEN: PathState = {
  type: 'file',
  mode: '0644',
  owner: 'bob',
  group: 'bob',
  size: 3,
  text: 'old',
  sha256: 'aa',
};

describe('what a task will find at a path', () => {
  it('is what was read, where no earlier task touches it', () => {
    const world = new World();
    expect(world.path('/x').over(SEEN)).toEqual(SEEN);
    expect(world.path('/x').over(undefined)).toBeUndefined();
    expect(world.path('/x').state).toBeUndefined();
  });

  it('is what earlier tasks say, and for the rest what was read', () => {
    const world = new World();
    world.path('/x').willBe({ mode: '0600' });
    world.path('/x/').willBe({ owner: 'web' });
    expect(world.path('//x').over(SEEN)).toEqual({ ...SEEN, mode: '0600', owner: 'web' });
  });

  it('has no text where another content is to come', () => {
    const world = new World();
    world.path('/x').willBe({ type: 'file', sha256: UNKNOWN });
    expect(world.path('/x').over(SEEN)?.text).toBeUndefined();
  });

  it('is nothing once it is gone, nor anything below, until that is made anew', () => {
    const world = new World();
    world.path('/d/old').willBe({ type: 'file' });
    world.path('/d').willBeAbsent();
    expect([world.path('/d').over(SEEN), world.path('/d/old').over(SEEN)]).toEqual([undefined, undefined]);
    world.path('/d').willBe({ type: 'directory', mode: '0700' });
    expect(world.path('/d').over(undefined)).toMatchObject({ type: 'directory', mode: '0700' });
    expect([world.path('/d/old').state, world.path('/d/old').over(SEEN)]).toEqual([null, undefined]);
    world.path('/d/new').willBe({ type: 'file' });
    expect(world.path('/d/new').over(undefined)?.type).toBe('file');
    expect(world.path('/dd').over(SEEN)).toEqual(SEEN);
  });

  it('has nothing of what was there before, once it is taken away and made anew', () => {
    const world = new World();
    world.path('/x').willBeAbsent();
    world.path('/x').willBe({ type: 'directory' });
    world.path('/x').willBe({ mode: '0700' });
    const found = { type: 'directory', mode: '0700', owner: UNKNOWN, group: UNKNOWN, size: 0 };
    expect(world.path('/x').over({ ...SEEN, uid: '7', owner: 'old' })).toEqual(found);
    expect(world.forProof().path('/x').over(SEEN)).toEqual(SEEN);
  });

  it('is in a directory what stays there and what is put there', () => {
    const world = new World();
    world.path('/d/gone').willBeAbsent();
    world.path('/d/sub/file').willBe({ type: 'file' });
    expect(world.namesIn('/d', ['gone', 'kept'])).toEqual(['kept', 'sub']);
  });

  it('is in a proof what was read just now', () => {
    const world = new World();
    world.path('/x').willBe({ type: 'directory' });
    world.path('/y').willBeAbsent();
    world.path('/z').willBe({ sha256: 'cc' });
    const proof = world.forProof();
    expect([proof.path('/x').over(undefined), proof.path('/y').over(SEEN)]).toEqual([undefined, SEEN]);
    // What a service has loaded is compared with what the plan wants.
    expect(proof.path('/z').state?.sha256).toBe('cc');
    proof.path('/z').willBe({ sha256: 'dd' });
    expect(world.path('/z').state?.sha256).toBe('cc');
  });
});

it('accounts, units and packages have states of their own', () => {
  const world = new World();
  world.user('web').willBe({ group: 'www' });
  world.group('www').willBe({});
  world.unit('nginx').willBe({ state: 'stopped' });
  expect(world.user('web').over(undefined)).toEqual({ group: 'www' });
  expect(world.group('www').over(undefined)).toEqual({});
  expect(world.group('web').over(undefined)).toBeUndefined();
  expect(world.unit('nginx').state).toEqual({ state: 'stopped' });
  expect(world.bringsMore).toBe(false);
  world.package('nginx').willBe({});
  expect(world.bringsMore).toBe(true);
  expect(world.forProof().bringsMore).toBe(false);
});

it('a resource keeps track of things of its own, which no other one can reach', () => {
  const modules = new Slot({ loaded: false });
  const others = new Slot({ loaded: false });
  const world = new World();
  world.slot(modules, 'tcp_bbr').willBe({ loaded: true });
  expect(world.slot(modules, 'tcp_bbr').over(undefined)).toEqual({ loaded: true });
  expect(world.slot(others, 'tcp_bbr').over(undefined)).toBeUndefined();
});

describe('a link that the host has', () => {
  const host = () => {
    const world = new World();
    world.hasLink('/var/run', '/run');
    world.hasLink('/var/run/app', '/srv/app');
    return world;
  };

  it('leads on, as long as no task touches it', () => {
    const world = host();
    expect(world.behind('/var/run/x')).toEqual({ path: '/run/x', isRead: true });
    expect(world.thing('path /var/run/app/pid')).toBe('path /srv/app/pid');
    expect(world.behind('/var/run')).toEqual({ path: '/var/run', isRead: true });
    world.path('/run/x').willBe({ type: 'file' });
    expect(world.path('/var/run/x').over(SEEN)?.type).toBe('file');
    world.path('/var/run').willBeAbsent();
    expect(world.behind('/var/run/x').path).toBe('/var/run/x');
    world.path('/var/run').willBe({ type: 'directory' });
    expect(world.behind('/var/run/x').path).toBe('/var/run/x');
  });

  it('makes way for one that a task leads elsewhere, whatever was read through that', () => {
    const world = new World();
    world.path('/now').willBe({ type: 'link', to: '/two', isMoved: true });
    world.hasLink('/now', '/one');
    world.hasLink('/now/on', '/old');
    expect(world.behind('/now/on/x')).toEqual({ path: '/two/on/x', isRead: false });
  });

  it('is none any more once it was seen as something else, nor are those below', () => {
    const world = host();
    world.hasNoLink('/var/run');
    expect(world.behind('/var/run/app/pid')).toEqual({ path: '/var/run/app/pid', isRead: true });
  });

  it('brings what other tasks declare below a folder', () => {
    const world = host();
    world.declared.add('file:a', ['/var/run/d/a', '/run/d/b', '/elsewhere']);
    expect(world.declared.below('/var/run/d', 'tree:d')).toEqual(['/var/run/d/a', '/var/run/d/b']);
    expect(world.declared.below('/', 'tree:d')).toEqual([
      '/run/d/a',
      '/var/run/d/a',
      '/run/d/b',
      '/elsewhere',
    ]);
  });

  it('is below the folder that it lies in, with what is declared by way of it', () => {
    const world = new World();
    world.hasLink('/srv/www/current', '/data/rel1');
    world.declared.add('file:a', ['/srv/www/current/app.conf']);
    expect(world.declared.below('/srv/www', 'tree:www')).toEqual(['/srv/www/current/app.conf']);
    expect(world.declared.below('/data/rel1', 'tree:rel')).toEqual(['/data/rel1/app.conf']);
  });
});

it('what follows from names is made again where one of them stands for something else, and not else', () => {
  let made = 0;
  const counted = new PerNames((world) => [++made, world.behind('/a/x').path]);
  const world = new World();
  world.hasLink('/a', '/b');
  expect(counted.of(world)).toEqual([1, '/b/x']);
  world.hasLink('/a', '/b');
  world.path('/c').willBeAbsent();
  expect(counted.of(world)).toEqual([1, '/b/x']);
  world.path('/a').willBeAbsent();
  expect(counted.of(world)).toEqual([2, '/a/x']);
  world.path('/a').willBe({ type: 'link', to: '/d' });
  expect(counted.of(world)).toEqual([3, '/d/x']);
  world.unitIs('redis', 'redis-server.service');
  expect(counted.of(world)).toEqual([4, '/d/x']);
  expect(counted.of(new World())).toEqual([5, '/a/x']);
});

it('a unit is one by any of its names', () => {
  const world = new World();
  world.unitIs('redis', 'redis-server.service');
  world.unit('redis').willBe({ state: 'stopped' });
  expect(world.unit('redis-server.service').state).toEqual({ state: 'stopped' });
  expect(world.thing('unit redis.service')).toBe(world.thing('unit redis-server'));
});
