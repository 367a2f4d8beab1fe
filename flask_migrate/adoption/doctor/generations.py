"""The stock files of Flask-Migrate's releases, by the sha256 of their texts.

Line ends are those of Unix.  A file that is none of these has been edited.
"""

#: By name: pairs of template (an 'aioflask' is one of ours, too) and a
#: release that made the file, by hash.
STOCK = {
    'env.py': {
        'ff720ff77ed3aea3f79daa12c2f40550c563f780790d6cc424d9d6df96e4b66d':
            ('flask', '0.1.1'),
        '2d6e19997466ce928960819b0ff9e26618d1c224f1a2767391138dd0c5daf552':
            ('flask', '1.1.0'),
        '0a44df0394fd926b3930bdac161195b23df087f52176258b0cb265224e82a2bd':
            ('flask', '1.5.0'),
        '5810d53ed68a810d8a9a85e1900b28b266c122c4d18535fe601c2315330cb694':
            ('flask', '1.8.1'),
        '5aad8b5a78e1bf2900887a178beb3654c3b01f246274263e5cbaae9a504772a7':
            ('flask', '2.2.1'),
        '9756ab7469d8e661d08c46644268524902407a79d67fceca057a851da484830e':
            ('flask', '2.3.1'),
        '30f01da3f25e75a938e89e618ed8e2dfda0600e311c154778824d00792d82d3c':
            ('flask', '2.4.0'),
        '347b741c35785432257604724cb7690916a6dab7177bb8792dbb276e7772f837':
            ('flask', '2.5.2'),
        'df06eb5efa66bcbefffc5ad7f7c718ba2f7d87a8c02eccd617c2a04b14fca968':
            ('flask', '2.5.3'),
        'c87988dd8d2ab1088fb185b882d98ee36e6c35218bee1daa463743232a2f3d20':
            ('flask', '2.6.0'),
        'd91fe1a80af38e560eafe733fca3c54d7c3a645b31fc4a5fa4668aa9366c8abd':
            ('flask', '2.7.0'),
        '91992b8a390518e3e249bdc7f4f1b3be3249ed0c3a2ea9104d1918552ea95391':
            ('flask', '3.0.1'),
        'ce6e97bb89c566601bdb6f0089f4634898be868215203c0ba752b21228529c1d':
            ('flask', '3.1.0'),
        'fa1ed15e4f7a68841dd6b71405df58a1a65a76bec9b379656724eeee0322d4d9':
            ('flask', '4.0.0'),
        'bcf83aaf7b7b9ee4d8d7efe9240adc82888dac7e6aa729752b78db00d9c8973a':
            ('flask', '4.0.0'),
        'e9baf304668701ced017a1ccc45f7b0e88facecc1174b8a424903b5cde442513':
            ('flask', '4.0.2'),
        '5c676c54692da4e42f75e8388975ef6600389962c023b58abe5c1bb64a9c1847':
            ('flask', '4.0.2'),
        '483751f778e8cbd1c1c2cf2ac14e26abc2edcb2436efdad1d96b265cc6fc20b2':
            ('flask', '4.0.3'),
        '0a6f89ce930c033d9e5114850f5de732eb5cb200467b6bb02aebae8ecc7ddb68':
            ('flask', '4.0.3'),
        '5327ddba4b77f49ce77c0e992a43d38e04a2d2534048be375f4a760579cdaf28':
            ('flask', '4.0.4'),
        '931f69a873bc5e2915c2e49fc1340ca3641f2c80b265c734382210e1b7d2c7f9':
            ('flask', '4.0.4'),
        '89b2b586c74eb0e0735cd536c90a002336bb7ff105cda5525b038dfcd4a93734':
            ('flask', '4.1.0'),
        '9ba66d061769c2eabcf6f55e2d35a6353fb535f259a9aac2fe1b2ab82751f5bc':
            ('flask', '4.1.0'),
        'dc021dcb9e4797fbe0f532a6a7df45429b0e1878e5353fb52ba7bb0b93448e3f':
            ('flask-multidb', '1.5.0'),
        '9db7aa65faee893818ab5c9fe199f7d7e13363ad50708a78c50f024cc8cb6c6e':
            ('flask-multidb', '1.8.1'),
        'ff5dbc319bcd0eec1e3d09ee47a2b984099952a4e4b1088c57e9ab43093e0fca':
            ('flask-multidb', '2.2.1'),
        '4733e01fdb9e3de3c2b14a3991b42c88f55ee75f3861ddea5c679aac82591790':
            ('flask-multidb', '2.4.0'),
        '5ff99473da02cc921c9bf5e4f36a56944dd4e643494f3521503adb3d3631596e':
            ('flask-multidb', '2.5.2'),
        '0878ba7d77c68c546ce25adf99809896cee06e1c97a5d14f5a342742f4f247fe':
            ('flask-multidb', '2.5.3'),
        '786812fd9a14dbbd971d17e36fd6e76c235eb7846b990fd108e84d56720410c2':
            ('flask-multidb', '2.6.0'),
        '40a430c0408050e5e622102ecff86417af8c18d33c1ee63928935a86af0b17ee':
            ('flask-multidb', '2.7.0'),
        '1a157cfeb239276565c588108d7db50a5b7fa9c9a3399d80c390f9df4f086e95':
            ('flask-multidb', '3.0.1'),
        'cf94607d265c31d15edc9ec6005af472aac699959841ab0ba08969a89ed2ec98':
            ('flask-multidb', '3.1.0'),
        'a899cd4a4314b7223b2c3f9bafd62784769afe6074f8f46c81a624712d6d821a':
            ('flask-multidb', '3.1.0'),
        'bf727858184fb17825110d979e6e89173c8c10660d97980e575753d05c38c5d1':
            ('flask-multidb', '4.0.0'),
        'f9cdf8f92335150ef1cc076e1ab84ab672ff3f2e80e5dd81488fb1b96e54509b':
            ('flask-multidb', '4.0.0'),
        'd41807ea8100e95cae61edab3a17f5d5c2e765b59efa54eced326665e2187972':
            ('flask-multidb', '4.0.2'),
        '526745262d9d426ac2bf32f74b59a06bc579e2d1ff64e661cc909b6ca90c1e27':
            ('flask-multidb', '4.0.2'),
        '9a8ba658393373fa23b5fce8e0fa3d53b9454e47f35b471dc8abbe41cfc8329e':
            ('flask-multidb', '4.0.3'),
        'b6a6806c1542f0abd274a9e1a3ea1d2a7a8698d6f41f7a10dc2116c293430405':
            ('flask-multidb', '4.0.3'),
        '40b440d378c9b72a4bc5f202d9e6ef1bde2053a13235c5517e2f1b56c9186806':
            ('flask-multidb', '4.0.4'),
        '6830a48ad3281b17cc04efdfd877e393e729f69cfdef4dc73344cdab4a3e9669':
            ('flask-multidb', '4.0.4'),
        '178e22aac0312d354137fcc3f0231491d13b02e6f89e21cc9a8e7097d998e14c':
            ('flask-multidb', '4.1.0'),
        '51c8deaa401bc948d392e40598214f1bb40ebea85ca3cfae1a9f1011bb68d13f':
            ('flask-multidb', '4.1.0'),
    },
    'alembic.ini': {
        'cd0539df1f8541701bb6e3b1a77fe182db0464af0cd149e4c3d17fb8c4811037':
            ('flask', '0.1.1'),
        '4a36049892b3cfa2bc41fb995ad2c900959c08a39d45b7d486c565a60bfca1c9':
            ('flask', '2.7.0'),
    },
    'script.py.mako': {
        '0fc905238e3ff6f04966b0184a46710d35f6f92e58fa811eb4477d04a968f52f':
            ('flask', '0.1.1'),
        'f3fc6003e826fce85e8673bb0a22228d68279b4d1996ccc41ed207ac0605265d':
            ('flask', '2.2.1'),
        '93e420c078c0dd455c76e88122807e0f11ebd81c9f031927d74a759d4cebdda4':
            ('flask-multidb', '1.5.0'),
        '955c09dfa91fcba3758115bb2dea60e448d743a3ae6abe064d20477075d81dbb':
            ('flask-multidb', '2.2.1'),
        '9c352c23b57ea41643485eba392285a655ea94e5c6b778c0e291ed15e1bb7332':
            ('flask-multidb', '3.0.1'),
        'd7df153f1544377359def1dc46e0b14a82385e73988ab196b74d6a91b3caa09c':
            ('flask-multidb', '3.1.0'),
    },
}
