import { describe, expect, it } from 'vitest';
import { uvEnvironment } from '../../../dev-cluster/embedded/python/indexSettings.ts';

const NOTHING = new Map<string, string>();

describe('uvEnvironment', () => {
  it('gives uv what the user told pip by environment', () => {
    const env = uvEnvironment(
      {
        PIP_INDEX_URL: 'https://mirror.example/simple',
        PIP_EXTRA_INDEX_URL: 'https://extra.example/simple',
        PIP_TRUSTED_HOST: 'mirror.example',
        PIP_CERT: '/etc/company.pem',
        PIP_PROXY: 'http://proxy.example:3128',
        PIP_DEFAULT_TIMEOUT: '60',
      },
      NOTHING,
    );
    expect(env).toMatchObject({
      UV_DEFAULT_INDEX: 'https://mirror.example/simple',
      UV_INDEX: 'https://extra.example/simple',
      UV_INSECURE_HOST: 'mirror.example',
      SSL_CERT_FILE: '/etc/company.pem',
      HTTPS_PROXY: 'http://proxy.example:3128',
      UV_HTTP_TIMEOUT: '60',
    });
  });

  it('takes from pip.conf what the environment does not say', () => {
    const config = new Map([
      ['index-url', 'https://conf.example/simple'],
      ['cert', '/conf.pem'],
    ]);
    expect(uvEnvironment({ PIP_CERT: '/env.pem' }, config)).toMatchObject({
      UV_DEFAULT_INDEX: 'https://conf.example/simple',
      SSL_CERT_FILE: '/env.pem',
    });
  });

  it("leaves uv's own settings alone", () => {
    const own = {
      UV_INDEX_URL: 'https://uv.example/simple',
      SSL_CERT_FILE: '/own.pem',
      UV_HTTP_TIMEOUT: '5',
    };
    const env = uvEnvironment(
      { ...own, PIP_INDEX_URL: 'https://pip.example', PIP_CERT: '/pip.pem' },
      NOTHING,
    );
    expect(env).toMatchObject(own);
    expect(env).not.toHaveProperty('UV_DEFAULT_INDEX');
  });

  it('forgets the environment that the editor was started from', () => {
    const env = uvEnvironment(
      { VIRTUAL_ENV: '/venv', PYTHONPATH: '/x', PYTHONHOME: '/y', PATH: '/bin' },
      NOTHING,
    );
    expect(env).toEqual({ PATH: '/bin', UV_PYTHON_DOWNLOADS: 'never' });
  });
});
